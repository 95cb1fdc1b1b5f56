// A run that was killed has no result of its own: what its timelines say of each case, none of it green that did not end.

import { basename } from 'node:path';
import type { CaseResult, RunResult, SuiteResult } from '../../model/results.ts';
import { type Verdict, worseVerdict } from '../../model/verdict.ts';
import type { StoredRun, StoredSuite } from '../stored-run.ts';

export function resultFromTimelines(run: StoredRun): RunResult {
  const suites = run.suites.map(suiteResult);
  const { record } = run;
  const startedAtMs = record?.startedAtMs ?? 0;
  return {
    run: run.run,
    folder: `reports/${basename(run.folder)}`,
    command: record?.command ?? 'testcard run',
    startedAtMs,
    elapsedMs: 0,
    verdict: suites.reduce<Verdict>((worst, { verdict }) => worseVerdict(worst, verdict), 'inconclusive'),
    exitCode: 3,
    suites,
    errors: [{ code: 'INTERRUPTED', kind: 'interrupted', message: 'the run was killed before it had a result' }],
  };
}

function suiteResult(stored: StoredSuite): SuiteResult {
  const cases: CaseResult[] = [];
  let file = stored.suite;
  for (const event of stored.events()) {
    if (event.type === 'suite-started') file = event.file;
    if (event.type === 'case-started') {
      cases.push({
        case: event.case,
        title: event.title,
        priority: 'P3',
        tags: [],
        at: `${event.position.file}:${event.position.line}`,
        verdict: 'inconclusive',
        elapsedMs: 0,
        figures: [],
        error: { code: 'INTERRUPTED', kind: 'interrupted', message: 'the case did not end' },
      });
    } else if (event.type === 'case-ended') {
      const found = cases.findLast((each) => each.case === event.case);
      if (!found) continue;
      delete found.error;
      Object.assign(found, {
        verdict: event.verdict,
        elapsedMs: event.elapsedMs,
        ...(event.error ? { error: event.error } : {}),
      });
    }
  }
  const verdict = cases.reduce<SuiteResult['verdict']>(
    (worst, each) => (each.verdict === 'skipped' ? worst : worseVerdict(worst, each.verdict)),
    'passed',
  );
  return { suite: stored.suite, name: stored.suite, file, verdict, elapsedMs: 0, cases, errors: [] };
}
