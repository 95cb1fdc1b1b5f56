// Results of runs for tests of reports: one with everything that a run can come to, and texts that break careless writers.

import type { Attempt, CaseResult, RunResult, SuiteResult } from '../../model/results.ts';
import type { ErrorRecord } from '../../model/timeline.ts';
import type { Verdict } from '../../model/verdict.ts';

/** What a pipeline may log, and what XML, Markdown, workflow commands and TAP each trip over. */
export const NASTY = '<b>&amp; ]]> "q" \'a\' 100 % a,b:c # ~ `x` ``` | @all \u001b[31mred\u0000 \\ é 😀';

export const failure: ErrorRecord = {
  code: 'CHECK_FAILED',
  kind: 'failed',
  message: 'lost: 0 — saw 30',
  hint: 'see the recording',
  position: { file: '/project/suites/a.suite.yaml', line: 9, col: 11 },
  detail: { expected: 'lost: 0', seen: 'saw 30' },
};

export const unclear: ErrorRecord = {
  code: 'SERVICE_NOT_READY',
  kind: 'inconclusive',
  message: 'worker did not become ready',
  position: { file: '/project/suites/a.suite.yaml', line: 4, col: 5 },
};

export const caseResult = (over: Partial<CaseResult> = {}): CaseResult => ({
  case: 'works',
  title: 'works',
  priority: 'P1',
  tags: [],
  at: 'suites/a.suite.yaml:4',
  verdict: 'passed',
  elapsedMs: 1_234,
  figures: [{ name: 'output · frames', value: 'lost 0', promised: 'no frame lost', verdict: 'passed' }],
  ...over,
});

export const attemptOf = (round: number, verdict: Verdict, error?: ErrorRecord): Attempt => ({
  round,
  retry: 0,
  verdict,
  elapsedMs: 1_000,
  folder: `reports/r/round-${round}/suites/a/flaky`,
  ...(error ? { error, codeFrame: 'a.suite.yaml:9:11' } : {}),
});

export function runResult(
  cases: CaseResult[],
  over: Partial<RunResult> = {},
  suite: Partial<SuiteResult> = {},
): RunResult {
  return {
    version: 1,
    run: 'r',
    folder: 'reports/r',
    command: 'testcard run',
    startedAtMs: Date.parse('2026-05-10T12:00:00Z'),
    elapsedMs: 2_000,
    verdict: 'failed',
    exitCode: 1,
    suites: [
      {
        suite: 'a',
        name: 'suite a',
        file: 'suites/a.suite.yaml',
        verdict: 'failed',
        elapsedMs: 2_000,
        readyAfterMs: 812.4,
        cases,
        errors: [],
        ...suite,
      },
    ],
    errors: [],
    rerun: { command: 'testcard', runtime: 'embedded', overrides: [] },
    ...over,
  };
}

const quarantine = {
  owner: 'media team',
  url: 'https://tracker.example/7?a=1&b=2',
  expires: '2026-05-31',
  reason: 'loses the last fragment',
  at: 'quarantine.yaml:3:3',
};

/** One case of each kind, problems outside cases, and nasty texts everywhere. */
export const everything = (): RunResult =>
  runResult(
    [
      caseResult(),
      caseResult({
        case: 'breaks',
        title: `breaks ${NASTY}`,
        verdict: 'failed',
        error: { ...failure, message: NASTY },
      }),
      caseResult({ case: 'unclear', title: 'unclear', verdict: 'inconclusive', error: unclear }),
      caseResult({ case: 'left-out', title: 'left out', verdict: 'skipped', reason: `only on compose ${NASTY}` }),
      caseResult({
        case: 'flaky',
        title: 'flaky',
        attempts: [attemptOf(1, 'failed', failure), attemptOf(2, 'inconclusive', unclear), attemptOf(3, 'passed')],
      }),
      caseResult({
        case: 'often',
        title: 'fails often',
        verdict: 'failed',
        error: failure,
        attempts: [
          attemptOf(1, 'failed', failure),
          attemptOf(2, 'failed', failure),
          attemptOf(3, 'inconclusive', unclear),
        ],
      }),
      caseResult({
        case: 'known',
        title: 'known to fail',
        verdict: 'failed',
        error: failure,
        quarantine: { ...quarantine, state: 'holds' },
      }),
      caseResult({ case: 'repaired', title: 'repaired', quarantine: { ...quarantine, state: 'unneeded' } }),
      caseResult({
        case: 'late',
        title: 'late',
        verdict: 'failed',
        error: failure,
        quarantine: { ...quarantine, state: 'expired' },
      }),
      caseResult({ case: 'minor', title: 'minor', priority: 'P3', verdict: 'failed', error: failure, isGating: false }),
    ],
    { gate: ['P1', 'P2'], errors: [{ code: 'INTERNAL', kind: 'internal', message: `worker crashed ${NASTY}` }] },
    { errors: [{ code: 'CLEANUP_FAILED', kind: 'inconclusive', message: `did not come down ${NASTY}` }] },
  );
