// `takes`: the values that a metric has had, one after the other.

import { valuesOver } from '../../model/metrics/index.ts';
import type { Judgement } from '../../model/verdict.ts';
import { cannotTell, shortNumber, sinceStart } from '../words.ts';
import type { MetricInput } from './demand.ts';
import { hasBaseline, type MetricObservation, missing, noBaseline, promise } from './no-data.ts';

interface Stood {
  value: number;
  /** When it was first seen. */
  atMs: number;
}

export function judgeTakes(seen: MetricObservation, input: MetricInput, takes: number[]): Judgement {
  const expected = promise(input);
  const stood: Stood[] = [];
  for (const { atMs, value = input.or } of valuesOver(seen.scrapes, input.metric)) {
    if (value !== undefined && value !== stood.at(-1)?.value) stood.push({ value, atMs });
  }
  const last = stood.at(-1);
  if (!last) return missing(seen, input);
  const saw = `saw ${stood.map((each, index) => (index === 0 ? shortNumber(each.value) : `${shortNumber(each.value)} (${sinceStart(each.atMs, seen.fromMs)})`)).join(', ')}`;
  const values = { last: stood.map(({ value }) => shortNumber(value)).join(', '), detail: { stood } };
  const wrong = stood.findIndex(({ value }, index) => value !== takes[index]);
  const other = stood[wrong];
  if (other) {
    const instead =
      takes[wrong] === undefined
        ? 'one value too many'
        : `${shortNumber(other.value)} where ${shortNumber(takes[wrong])} should come`;
    const first = wrong === 0 && !hasBaseline(seen);
    if (first) return { ...noBaseline(expected, seen, input), ...values };
    return {
      verdict: 'failed',
      expected,
      seen: `${saw}: ${instead}`,
      atMs: other.atMs,
      hopeless: 'values that it has had stay so',
      ...values,
    };
  }
  if (seen.problem)
    return { ...cannotTell(expected, `${saw}; then: ${seen.problem.message}`, seen.problem.hint), ...values };
  const complete = stood.length === takes.length;
  const next = complete ? '' : `: ${shortNumber(takes[stood.length] as number)} did not come`;
  return { verdict: complete ? 'passed' : 'failed', expected, seen: `${saw}${next}`, atMs: last.atMs, ...values };
}
