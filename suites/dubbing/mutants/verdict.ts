// What a run says about a mutant: killed, and by the right check, or not.

import type { Mutant, Trial } from './mutant.ts';
import type { RunResult } from './run-result.ts';

/**
 * - `killed`: the check that is there for it failed.
 * - `killed by another`: something failed, but not that: a defect of the suite, or of this list.
 * - `survived`: every promise held.
 * - `inconclusive`: Testcard could not tell.
 * - `green` and `false alarm`: of a true pipeline.
 */
export type TrialVerdict = 'killed' | 'killed by another' | 'survived' | 'inconclusive' | 'green' | 'false alarm';

export interface Outcome {
  verdict: TrialVerdict;
  /** What did not hold, one line each: `case: promise — what was seen`. */
  broken: string[];
}

const SEPARATOR = ' — ';

/** `undefined`: there is no result to read. */
export function judge(trial: Trial | Mutant, result: RunResult | undefined): Outcome {
  if (!result) return { verdict: 'inconclusive', broken: ['no result'] };
  const cases = result.suites.flatMap((suite) => suite.cases);
  const problems = [
    ...cases.flatMap(({ title, error, moreErrors = [] }) =>
      [...(error ? [error] : []), ...moreErrors].map((found) => ({ title, ...found })),
    ),
    ...[...result.suites.flatMap((suite) => suite.errors), ...result.errors].map((found) => ({
      title: 'run',
      ...found,
    })),
  ];
  const broken = problems.map(
    ({ title, kind, message }) => `${title}: ${kind === 'failed' ? '' : `(${kind}) `}${message}`,
  );
  const failed = problems.filter(({ kind }) => kind === 'failed');
  if (!('killedBy' in trial)) {
    if (result.verdict === 'passed') return { verdict: 'green', broken };
    return { verdict: result.verdict === 'failed' ? 'false alarm' : 'inconclusive', broken };
  }
  const { check, seen } = trial.killedBy;
  // The promise and what was seen are told apart: a log line quoted in what was seen must not look like the promise.
  const right = failed.some(({ message }) => {
    const at = message.indexOf(SEPARATOR);
    const [promise, sight] = at < 0 ? [message, ''] : [message.slice(0, at), message.slice(at + SEPARATOR.length)];
    return check.test(promise) && (!seen || seen.test(sight));
  });
  if (right) return { verdict: 'killed', broken };
  if (failed.length > 0) return { verdict: 'killed by another', broken };
  return { verdict: result.verdict === 'passed' && cases.length > 0 ? 'survived' : 'inconclusive', broken };
}

/** Whether the run as a whole may be green with it. */
export function isWanted(verdict: TrialVerdict): boolean {
  return verdict === 'killed' || verdict === 'green';
}
