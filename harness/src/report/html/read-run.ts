// Reads the timelines of a stored run, one after the other, into the page's data and its compressed chunks.

import { standingOf } from '../../model/gate.ts';
import type { Attempt, CaseResult, RerunBase, RunResult, SuiteResult } from '../../model/results.ts';
import { isFlaky } from '../../model/rounds.ts';
import { rerunCommand } from '../rerun-command.ts';
import type { StoredRun, StoredSuite } from '../stored-run.ts';
import type { CaseSummary, PageData, Story, SuiteData, TimelineHead } from './page-data.ts';
import { readSuiteTimeline } from './read-suite-timeline.ts';
import { resultFromTimelines } from './result-from-timelines.ts';

export interface PageParts {
  page: PageData;
  /** By name; gzip in base64. */
  chunks: Map<string, string>;
}

/** Of a run of many rounds, those timelines with something to explain are kept, and the first of the others. */
const MOST_TIMELINES = 60;

export async function readRun(run: StoredRun): Promise<PageParts> {
  const result = run.result ?? resultFromTimelines(run);
  const root = run.folder.slice(0, run.folder.length - result.folder.length).replace(/\/$/, '');
  const chunks = new Map<string, string>();
  const timelines: TimelineHead[] = [];
  const stories = new Map<string, Story>();
  const indexOf = new Map<string, number>();
  for (const stored of keptOf(run, result)) {
    const index = timelines.length;
    const { head, told } = await readSuiteTimeline(stored, index, { run, result, root, chunks });
    timelines.push(head);
    indexOf.set(`${stored.suite} ${stored.round} ${stored.retry}`, index);
    for (const [id, story] of told) if (!stories.has(id)) stories.set(id, story);
  }
  const suites = result.suites.map((suite) => suiteData(suite, result, stories, indexOf));
  const { command, startedAtMs, elapsedMs, verdict, exitCode, errors, repeat } = result;
  const page: PageData = {
    run: {
      run: run.run,
      command,
      startedAtMs,
      elapsedMs,
      verdict,
      exitCode,
      errors,
      ...(repeat ? { repeat } : {}),
      about: aboutOf(result, timelines),
      notes: run.notes,
    },
    suites,
    timelines,
  };
  return { page, chunks };
}

function keptOf({ suites }: StoredRun, result: RunResult): StoredSuite[] {
  const isTelling = ({ suite, round, retry }: StoredSuite) =>
    (round === 1 && retry === 0) ||
    result.suites.some(
      (each) =>
        each.suite === suite &&
        each.cases.some(({ attempts = [] }) =>
          attempts.some((one) => one.round === round && one.retry === retry && one.verdict !== 'passed'),
        ),
    );
  return suites.filter((each) => each.timelineBytes > 0 && isTelling(each)).slice(0, MOST_TIMELINES);
}

function suiteData(
  { cases, ...suite }: SuiteResult,
  result: RunResult,
  stories: Map<string, Story>,
  indexOf: Map<string, number>,
): SuiteData {
  return { ...suite, cases: cases.map((each) => caseSummary(suite, each, result, stories, indexOf)) };
}

const DEFAULT_RERUN: RerunBase = { command: 'testcard', runtime: 'embedded', overrides: [] };

function caseSummary(
  { suite, file }: Omit<SuiteResult, 'cases'>,
  each: CaseResult,
  result: RunResult,
  stories: Map<string, Story>,
  indexOf: Map<string, number>,
): CaseSummary {
  const { attempts, ...rest } = each;
  const standing = standingOf(each);
  const story = stories.get(`${suite}/${each.case}`);
  const one: Attempt = {
    round: 1,
    retry: 0,
    verdict: each.verdict === 'skipped' ? 'inconclusive' : each.verdict,
    elapsedMs: each.elapsedMs,
    folder: `${result.folder}/suites/${suite}/${each.case}`,
  };
  return {
    ...rest,
    attempts: (attempts ?? [one]).map(({ moreErrors, codeFrame, ...attempt }) => {
      const timeline = indexOf.get(`${suite} ${attempt.round} ${attempt.retry}`);
      return { ...attempt, ...(timeline === undefined ? {} : { timeline }) };
    }),
    isFlaky: isFlaky(each),
    ...(standing ? { standing } : {}),
    rerun: rerunCommand(result.rerun ?? DEFAULT_RERUN, { file, title: each.title }),
    ...(story ? { story } : {}),
  };
}

function aboutOf(result: RunResult, timelines: readonly TimelineHead[]): [string, string][] {
  const runtimes = [...new Set(timelines.map(({ runtime }) => runtime))].join(', ');
  return [['runtime', runtimes || 'none was started'], ...Object.entries(result.machine ?? {})];
}
