// Judges samples of a metric. Nothing that was not seen is ever taken for 0, and nothing stale for the present.

import { increase, quantile, type Reset, rate, selectPoints, valueAt, valuesOver } from '../../model/metrics/index.ts';
import { missBy, numberHolds, outlookWhenGrowing } from '../../model/number-matcher.ts';
import type { Scrape, ServiceState } from '../../model/ports.ts';
import type { Judgement } from '../../model/verdict.ts';
import { cannotTell, counted, missWords, shortNumber, sinceStart } from '../words.ts';
import { demandOnChange, type MetricInput } from './demand.ts';
import { hasBaseline, type MetricObservation, missing, noBaseline, nothingToLookAt, promise } from './no-data.ts';
import { judgeTakes } from './takes.ts';

/** States in which a service that cannot be scraped is simply not there any more. */
const GONE: ServiceState[] = ['stopped', 'exited', 'failed'];

export function judgeMetric(seen: MetricObservation, input: MetricInput): Judgement {
  const nothing = nothingToLookAt(seen, input);
  if (nothing) return nothing;
  if (input['increases-by']) return judgeIncrease(seen, input);
  if (input.rate) return judgeRate(seen, input);
  if (input.takes) return judgeTakes(seen, input, input.takes);
  if (input.quantile !== undefined) return judgeQuantile(seen, input, input.quantile);
  return judgeLatest(seen, input);
}

/** For a plain value: every sample of the window must hold. */
export function judgeMetricAlways(seen: MetricObservation, input: MetricInput): Judgement {
  const { quantile, rate, takes } = input;
  const plain = (input['increases-by'] ?? rate ?? quantile ?? takes) === undefined;
  const nothing = nothingToLookAt(seen, input);
  if (!plain || nothing) return nothing ?? judgeMetric(seen, input);
  const expected = promise(input);
  const samples = valuesOver(seen.scrapes, input.metric)
    .filter(({ atMs }) => atMs > (seen.heldSinceMs ?? seen.fromMs))
    .map(({ atMs, value }) => ({ atMs, value: value ?? input.or ?? Number.NaN }))
    .filter(({ value }) => !Number.isNaN(value));
  const broken = samples.filter(({ value }) => !numberHolds(input, value));
  const first = broken[0];
  if (first) {
    const more = broken.length > 1 ? `, and ${broken.length - 1} of the samples after it` : '';
    return {
      verdict: 'failed',
      expected,
      seen: `saw ${shortNumber(first.value)}${missWords(missBy(input, first.value))} at ${sinceStart(first.atMs, seen.fromMs)}${more}`,
      atMs: first.atMs,
      last: first.value,
      hopeless: 'a sample has already broken it',
      detail: { value: first.value, broken: broken.slice(0, 20), samples: samples.length },
    };
  }
  const last = samples.at(-1);
  if (!last) {
    const everSeen = seen.scrapes.some((scrape) => valueAt(scrape, input.metric) !== undefined);
    return everSeen ? cannotTell(expected, 'it had no value in any sample since the case began') : missing(seen, input);
  }
  const values = samples.map(({ value }) => value);
  const [lowest, highest] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const range = lowest === highest ? '' : ` (${shortNumber(lowest)} to ${shortNumber(highest)})`;
  const held = `held in ${counted(samples.length, 'sample')}${range}, the last ${shortNumber(last.value)} at ${sinceStart(last.atMs, seen.fromMs)}`;
  // A service that was ended on purpose has no more values to promise anything about; one that stopped answering has.
  if (seen.problem && !(seen.state && GONE.includes(seen.state))) {
    return cannotTell(expected, `${held}, but not to be seen since: ${seen.problem.message}`, seen.problem.hint);
  }
  const ending = seen.problem ? `; the service is ${seen.state} since` : '';
  return {
    verdict: 'passed',
    expected,
    seen: `${held}${ending}`,
    last: last.value,
    detail: { value: last.value, lowest, highest, samples: samples.length },
  };
}

function judgeLatest(seen: MetricObservation, input: MetricInput): Judgement {
  const expected = promise(input);
  const scrape = seen.scrapes.at(-1) as Scrape;
  const when = sinceStart(scrape.atMs, seen.fromMs);
  const series = selectPoints(scrape, input.metric).length;
  const value = valueAt(scrape, input.metric) ?? input.or;
  if (seen.problem) {
    const known = value === undefined ? 'never seen' : `${shortNumber(value)} at ${when}`;
    return {
      ...cannotTell(expected, `last ${known}; the value now is not known: ${seen.problem.message}`, seen.problem.hint),
      last: value,
    };
  }
  if (value === undefined) return missing(seen, input);
  if (Number.isNaN(value)) return cannotTell(expected, `saw NaN at ${when}: there is no value yet`);
  const sum = series > 1 ? `, the sum of ${series} series` : series === 0 ? ', there being no such series' : '';
  const holds = numberHolds(input, value);
  return {
    verdict: holds ? 'passed' : 'failed',
    expected,
    seen: `saw ${shortNumber(value)}${holds ? '' : missWords(missBy(input, value))} at ${when}${sum}`,
    atMs: scrape.atMs,
    last: value,
    detail: { value, series },
  };
}

function judgeIncrease(seen: MetricObservation, input: MetricInput): Judgement {
  const expected = promise(input);
  const demand = demandOnChange(input) ?? {};
  const risen = increase(seen.scrapes, input.metric, input['on-reset']);
  if (risen.missing && input.or === undefined) return missing(seen, input);
  const broken = brokenByReset(seen, input, risen.resets);
  if (broken) return broken;
  const last = seen.scrapes.at(-1) as Scrape;
  const value = risen.missing ? (input.or ?? 0) : risen.increase;
  const grows = !seen.scrapes.some((scrape) => selectPoints(scrape, input.metric).some(({ type }) => type === 'gauge'));
  const outlook = grows ? outlookWhenGrowing(demand, value) : 'open';
  const resets =
    risen.resets.length > 0 ? `, counting on over ${counted(risen.resets.length, 'restart')} from zero` : '';
  const fromTo = risen.missing
    ? 'there is no such series'
    : `${shortNumber(risen.from)} → ${shortNumber(risen.to)}${resets}`;
  const saw = `increased by ${shortNumber(value)}${missWords(missBy(demand, value))} (${fromTo})`;
  const detail = { value, from: risen.from, to: risen.to, resets: risen.resets };
  if (outlook === 'hopeless') {
    const atMs = firstHopeless(seen.scrapes, input) ?? last.atMs;
    return {
      verdict: 'failed',
      expected,
      seen: `${saw}, past what is allowed at ${sinceStart(atMs, seen.fromMs)}`,
      atMs,
      last: value,
      hopeless: 'a counter does not go back',
      detail,
    };
  }
  if (!hasBaseline(seen)) return { ...noBaseline(expected, seen, input), last: value };
  if (seen.problem && outlook !== 'settled') {
    const when = sinceStart(last.atMs, seen.fromMs);
    return {
      ...cannotTell(
        expected,
        `${saw} up to ${when}; what came after is not known: ${seen.problem.message}`,
        seen.problem.hint,
      ),
      last: value,
    };
  }
  const holds = numberHolds(demand, value);
  return {
    verdict: holds ? 'passed' : 'failed',
    expected,
    seen: `${saw} by ${sinceStart(last.atMs, seen.fromMs)}`,
    atMs: last.atMs,
    last: value,
    detail,
  };
}

/** When the increase first passed what is allowed: it only grows, so halving finds it. */
function firstHopeless(scrapes: Scrape[], input: MetricInput): number | undefined {
  const demand = demandOnChange(input) ?? {};
  let low = 0;
  let high = scrapes.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const risen = increase(scrapes.slice(0, middle + 1), input.metric, input['on-reset']).increase;
    if (outlookWhenGrowing(demand, risen) === 'hopeless') high = middle;
    else low = middle + 1;
  }
  return scrapes[low]?.atMs;
}

function judgeRate(seen: MetricObservation, input: MetricInput): Judgement {
  const expected = promise(input);
  const demand = demandOnChange(input) ?? {};
  const risen = rate(seen.scrapes, input.metric, input['on-reset']);
  if (risen.missing && input.or === undefined) return missing(seen, input);
  const broken = brokenByReset(seen, input, risen.resets);
  if (broken) return broken;
  if (seen.problem)
    return cannotTell(expected, `the metrics cannot be read: ${seen.problem.message}`, seen.problem.hint);
  if (!hasBaseline(seen)) return noBaseline(expected, seen, input);
  const value = risen.missing ? input.or : risen.perSecond;
  if (value === undefined) return cannotTell(expected, 'one sample is not enough for a rate');
  const holds = numberHolds(demand, value);
  const over = `over ${shortNumber(Math.round(risen.overMs / 100) / 10)} s`;
  return {
    verdict: holds ? 'passed' : 'failed',
    expected,
    seen: `saw ${shortNumber(value)} per second${holds ? '' : missWords(missBy(demand, value))} ${over}`,
    last: Number(shortNumber(value)),
    detail: { value, overMs: risen.overMs, increase: risen.increase },
  };
}

function judgeQuantile(seen: MetricObservation, input: MetricInput, q: number): Judgement {
  const expected = promise(input);
  const found = quantile(seen.scrapes, input.metric, q);
  if (found.missing) return missing(seen, input);
  if (seen.problem)
    return cannotTell(expected, `the metrics cannot be read: ${seen.problem.message}`, seen.problem.hint);
  if (!hasBaseline(seen)) return noBaseline(expected, seen, input);
  if (found.value === undefined)
    return cannotTell(expected, 'nothing was observed since the case began, so there is no quantile');
  const holds = numberHolds(input, found.value);
  const where =
    found.high === Number.POSITIVE_INFINITY
      ? `above ${shortNumber(found.low ?? 0)}, the highest bucket`
      : `between ${shortNumber(found.low ?? 0)} and ${shortNumber(found.high ?? 0)}`;
  const name = `p${Number((q * 100).toFixed(4))}`;
  return {
    verdict: holds ? 'passed' : 'failed',
    expected,
    seen: `${name} is ${shortNumber(found.value)}${holds ? '' : missWords(missBy(input, found.value))} (${where}, of ${counted(found.count, 'observation')})`,
    last: Number(shortNumber(found.value)),
    detail: { value: found.value, low: found.low, high: found.high, count: found.count, buckets: found.buckets },
  };
}

function brokenByReset(seen: MetricObservation, input: MetricInput, resets: Reset[]): Judgement | undefined {
  const reset = resets[0];
  if (input['on-reset'] !== 'fail' || !reset) return undefined;
  return {
    verdict: 'failed',
    expected: `${promise(input)}, without a reset`,
    seen: `${reset.series} went back from ${shortNumber(reset.from)} to ${shortNumber(reset.to)} at ${sinceStart(reset.atMs, seen.fromMs)}`,
    atMs: reset.atMs,
    last: reset.to,
    hopeless: 'a reset cannot be undone',
    hint: 'the process restarted; `on-reset: rebase` (the default) goes on counting',
    detail: { resets },
  };
}
