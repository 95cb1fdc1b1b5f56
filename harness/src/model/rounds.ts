// What a case comes to that was run several times: in rounds of the whole selection, and again in a round where it was not passed.

import type { Attempt, CaseResult, SuiteResult } from './results.ts';
import type { ErrorRecord } from './timeline.ts';
import { type Verdict, worseVerdict } from './verdict.ts';

/** One pass over the selection, or over what was left of it. */
export interface Pass {
  /** From 1. */
  round: number;
  /** 0 for the whole selection, 1 for the first retry of what was not passed. */
  retry: number;
  /** Relative to the working folder. */
  folder: string;
  suites: SuiteResult[];
  errors: ErrorRecord[];
}

/** Floating-point room: 19 of 20 is 95 %. */
const EPSILON = 1e-9;

/**
 * One result a case: passed when it passed in at least `minPass` of its rounds, in some attempt of each. What was interrupted does not count.
 * Problems outside cases are never excused.
 */
export function combinePasses(
  passes: readonly Pass[],
  { minPass }: { minPass: number },
): { suites: SuiteResult[]; errors: ErrorRecord[] } {
  const ids = [...new Set(passes.flatMap(({ suites }) => suites.map(({ suite }) => suite)))];
  const suites = ids.flatMap((id) => {
    const parts = passes.flatMap((pass) =>
      pass.suites.filter(({ suite }) => suite === id).map((part) => ({ pass, part })),
    );
    const [first] = parts;
    if (!first) return [];
    const caseIds = [...new Set(parts.flatMap(({ part }) => part.cases.map((result) => result.case)))];
    const cases = caseIds.flatMap((caseId) => {
      const results = parts.flatMap(({ pass, part }) =>
        part.cases.filter((result) => result.case === caseId).map((result) => ({ pass, suite: id, result })),
      );
      return combineCase(results, minPass) ?? [];
    });
    const errors = parts.flatMap(({ pass, part }) => part.errors.map((error) => inRound(error, pass)));
    const ready = parts.flatMap(({ part }) => part.readyAfterMs ?? []);
    const combined: SuiteResult = {
      ...first.part,
      verdict: verdictOf(cases, errors),
      elapsedMs: parts.reduce((sum, { part }) => sum + part.elapsedMs, 0),
      ...(ready.length > 0 ? { readyAfterMs: Math.max(...ready) } : {}),
      cases,
      errors,
    };
    return [combined];
  });
  return { suites, errors: passes.flatMap((pass) => pass.errors.map((error) => inRound(error, pass))) };
}

interface PassResult {
  pass: Pass;
  suite: string;
  result: CaseResult;
}

function combineCase(results: PassResult[], minPass: number): CaseResult | undefined {
  const ran = results.filter(({ result }) => result.verdict !== 'skipped' && result.error?.kind !== 'interrupted');
  if (ran.length === 0) return results[0]?.result;
  const attempts = ran.map(attemptOf);
  const finals = finalAttempts(attempts);
  const passed = finals.filter(({ verdict }) => verdict === 'passed').length;
  const verdict: Verdict =
    passed / finals.length >= minPass - EPSILON
      ? 'passed'
      : finals.reduce<Verdict>((worst, attempt) => worseVerdict(worst, attempt.verdict), 'passed');
  const shown =
    verdict === 'passed'
      ? ran.findLast(({ result }) => result.verdict === 'passed')
      : ran.find(({ result }) => result.verdict === verdict);
  const result = (shown ?? ran[0])?.result;
  return result && { ...result, verdict, attempts };
}

/** What each round came to: its last attempt. */
export function finalAttempts(attempts: readonly Attempt[]): Attempt[] {
  return [...new Map(attempts.map((attempt) => [attempt.round, attempt])).values()];
}

/** It passed and did not pass: something else than the promise decides. */
export const isFlaky = ({ attempts = [] }: CaseResult): boolean =>
  attempts.some(({ verdict }) => verdict === 'passed') && attempts.some(({ verdict }) => verdict !== 'passed');

function attemptOf({ pass, suite, result }: PassResult): Attempt {
  const { verdict, elapsedMs, error, moreErrors, codeFrame } = result;
  return {
    round: pass.round,
    retry: pass.retry,
    verdict: verdict === 'skipped' ? 'inconclusive' : verdict,
    elapsedMs,
    ...(error ? { error } : {}),
    ...(moreErrors ? { moreErrors } : {}),
    ...(codeFrame === undefined ? {} : { codeFrame }),
    folder: `${pass.folder}/suites/${suite}/${result.case}`,
  };
}

function verdictOf(cases: CaseResult[], errors: ErrorRecord[]): Verdict {
  return cases.reduce<Verdict>(
    (worst, { verdict }) => (verdict === 'skipped' ? worst : worseVerdict(worst, verdict)),
    errors.length > 0 ? 'inconclusive' : 'passed',
  );
}

const inRound = (error: ErrorRecord, { round, retry }: Pass): ErrorRecord => ({
  ...error,
  message: `round ${round}${retry > 0 ? `, retry ${retry}` : ''}: ${error.message}`,
});
