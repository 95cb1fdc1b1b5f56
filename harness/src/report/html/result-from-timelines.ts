// A run that was killed has no result of its own: what its timelines say of each case, none of it green that did not end.

import { dirname, relative } from 'node:path';
import type { CaseResult, RunResult, SuiteResult } from '../../model/results.ts';
import { combinePasses, type Pass } from '../../model/rounds.ts';
import type { SelectedCase } from '../../model/run-record.ts';
import type { ErrorRecord } from '../../model/timeline.ts';
import { type Verdict, worseVerdict } from '../../model/verdict.ts';
import type { StoredRun, StoredSuite } from '../stored-run.ts';

export function resultFromTimelines(run: StoredRun): RunResult {
  const passes = [...Map.groupBy(run.suites, ({ round, retry }) => `${round} ${retry}`).values()].map(
    (suites): Pass => {
      const { round, retry } = suites[0] as StoredSuite; // a group holds one at least
      const folder = relative(process.cwd(), dirname(dirname(suites[0]?.folder ?? run.folder)));
      return { round, retry, folder, suites: suites.map(suiteResult), errors: [] };
    },
  );
  const { record } = run;
  const [only] = passes;
  const { suites } = passes.length === 1 && only ? only : combinePasses(passes, { minPass: record?.minPass ?? 1 });
  return {
    run: run.run,
    folder: relative(process.cwd(), run.folder),
    command: record?.command ?? 'testcard run',
    startedAtMs: record?.startedAtMs ?? 0,
    elapsedMs: 0,
    verdict: suites.reduce<Verdict>((worst, { verdict }) => worseVerdict(worst, verdict), 'inconclusive'),
    exitCode: 3,
    suites: [...suites.map((suite) => withCasesNotBegun(suite, run)), ...neverBegun(run, suites)],
    errors: [{ code: 'INTERRUPTED', kind: 'interrupted', message: 'the run was killed before it had a result' }],
  };
}

/** Selected suites of which there is no trace. A shard may have left them to others. */
function neverBegun({ record }: StoredRun, suites: readonly SuiteResult[]): SuiteResult[] {
  if (!record || record.shard) return [];
  return record.selection
    .filter((selected) => !suites.some(({ suite }) => suite === selected.suite))
    .map(({ suite, name, file, cases }) => ({
      ...{ suite, name, file, verdict: 'inconclusive', elapsedMs: 0, errors: [] },
      cases: cases.map(notBegun),
    }));
}

/** With the selected cases that the run did not come to, at their places. */
function withCasesNotBegun(suite: SuiteResult, { record }: StoredRun): SuiteResult {
  const selected = record?.selection.find((each) => each.suite === suite.suite);
  if (!selected) return suite;
  const begun = new Map(suite.cases.map((each) => [each.case, each]));
  const others = suite.cases.filter((each) => !selected.cases.some((one) => one.case === each.case));
  const cases = [...selected.cases.map((each) => begun.get(each.case) ?? notBegun(each)), ...others];
  return {
    ...suite,
    cases,
    verdict: cases.length > begun.size ? worseVerdict(suite.verdict, 'inconclusive') : suite.verdict,
  };
}

const notBegun = (selected: SelectedCase): CaseResult => ({
  ...selected,
  ...{ verdict: 'inconclusive', elapsedMs: 0, figures: [], error: NOT_BEGUN },
});

const NOT_BEGUN: ErrorRecord = { code: 'INTERRUPTED', kind: 'interrupted', message: 'the case was not begun' };

function suiteResult(stored: StoredSuite): SuiteResult {
  const cases: CaseResult[] = [];
  let file = stored.suite;
  let name = stored.suite;
  for (const event of stored.events()) {
    if (event.type === 'suite-started') {
      file = relative(process.cwd(), event.file);
      name = event.suite;
    }
    if (event.type === 'case-started') {
      const { position, priority = 'P3', tags = [] } = event;
      cases.push({
        ...{ case: event.case, title: event.title, priority, tags, verdict: 'inconclusive', elapsedMs: 0, figures: [] },
        at: `${relative(process.cwd(), position.file)}:${position.line}`,
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
  return { suite: stored.suite, name, file, verdict, elapsedMs: 0, cases, errors: [] };
}
