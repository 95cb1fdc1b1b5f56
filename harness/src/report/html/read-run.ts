// Reads the timelines of a stored run, one after the other, into the page's data and its compressed chunks.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { standingOf } from '../../model/gate.ts';
import type { Attempt, CaseResult, RerunBase, RunResult, SuiteResult } from '../../model/results.ts';
import { isFlaky } from '../../model/rounds.ts';
import type { TimelineEvent } from '../../model/timeline.ts';
import { rerunCommand } from '../rerun-command.ts';
import type { StoredRun, StoredSuite } from '../stored-run.ts';
import { logText, TimelineCollector } from './collect-timeline.ts';
import { makeStory } from './make-story.ts';
import { packChunk } from './pack-chunk.ts';
import type {
  CaseMarks,
  CaseSummary,
  PageData,
  RecordingMark,
  Story,
  SuiteData,
  TimelineHead,
  TimelineMarks,
} from './page-data.ts';
import { resultFromTimelines } from './result-from-timelines.ts';
import { streamMoment } from './stream-moment.ts';

export interface PageParts {
  page: PageData;
  /** By name; gzip in base64. */
  chunks: Map<string, string>;
}

/** Of a run of many rounds, those timelines with something to explain are kept, and the first of the others. */
const MOST_TIMELINES = 60;
const LARGEST_FILE_BYTES = 4 * 1024 * 1024;

export async function readRun(run: StoredRun): Promise<PageParts> {
  const result = run.result ?? resultFromTimelines(run);
  const root = run.folder.slice(0, run.folder.length - result.folder.length).replace(/\/$/, '');
  const chunks = new Map<string, string>();
  const timelines: TimelineHead[] = [];
  const stories = new Map<string, Story>();
  const indexOf = new Map<string, number>();
  for (const stored of keptOf(run, result)) {
    const index = timelines.length;
    const { head, told } = await readOne(stored, index, { run, result, root, chunks });
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

interface Whole {
  run: StoredRun;
  result: RunResult;
  root: string;
  chunks: Map<string, string>;
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

async function readOne(
  stored: StoredSuite,
  index: number,
  { run, result, root, chunks }: Whole,
): Promise<{ head: TimelineHead; told: [string, Story][] }> {
  const timeline = new TimelineCollector();
  const suite = result.suites.find((each) => each.suite === stored.suite);
  const isBroken = suite?.cases.some(({ verdict }) => verdict === 'failed' || verdict === 'inconclusive') ?? false;
  const events: TimelineEvent[] = [];
  for (const event of stored.events()) {
    timeline.add(event);
    if (isBroken && event.type !== 'metrics' && event.type !== 'measurement') events.push(event);
  }
  timeline.finish();
  const started = timeline.suite;
  const inRoot = (file: string) => (file.startsWith(`${root}/`) ? relative(root, file) : file);
  const sources = (started?.sources ?? sourceOnDisk(started?.file)).map(({ file, text, ...rest }) => ({
    file: inRoot(file),
    text,
    isStored: !('isStored' in rest),
  }));
  for (const { marks } of timeline.cases) {
    marks.file = inRoot(marks.file);
    for (const each of [...marks.steps, ...marks.checks]) each.file = inRoot(each.file);
    for (const recording of marks.recordings) findRecording(recording, stored, marks, run.folder, timeline.originAtMs);
    // What a recording shows is found out at its end: on the axis it stands where it is to be seen.
    for (const check of marks.checks) check.atMs = streamMoment(check, marks) ?? check.atMs;
  }
  const told = storiesOf(stored, suite, { run, result, root, chunks }, timeline, events, sources);
  events.length = 0;

  const metrics: TimelineMarks['metrics'] = [];
  const named = new Set(timeline.cases.flatMap(({ marks }) => marks.named.map(({ metric }) => metric)));
  const chunkOf = () => `t${index}-series-${count++}`;
  let count = 0;
  for (const [service, series] of timeline.series) {
    for (const part of series.blocks(service, named, chunkOf)) {
      if ('json' in part) chunks.set(part.chunk, await packChunk(part.json));
      else metrics.push(part);
    }
  }
  const marks: TimelineMarks = {
    endMs: timeline.endMs,
    sources,
    runtime: started?.runtime ?? 'unknown',
    compose: started ? inRoot(started.environment) : '',
    environment: timeline.environment,
    services: timeline.services,
    cases: timeline.cases.map((each) => each.marks),
    metrics,
  };
  if (timeline.logs.length > 0) {
    const chunk = `t${index}-log`;
    marks.log = { chunk, lines: timeline.logs.length, services: timeline.logServices };
    chunks.set(chunk, await packChunk(logText(timeline.logs)));
  }
  const chunk = `t${index}-marks`;
  chunks.set(chunk, await packChunk(JSON.stringify(marks)));
  const head: TimelineHead = {
    suite: stored.suite,
    round: stored.round,
    retry: stored.retry,
    originAtMs: timeline.originAtMs,
    endMs: timeline.endMs,
    runtime: marks.runtime,
    cases: marks.cases.map(({ case: id, fromMs, toMs, verdict }) => ({ case: id, fromMs, toMs, verdict })),
    marks: chunk,
  };
  return { head, told };
}

function storiesOf(
  stored: StoredSuite,
  suite: SuiteResult | undefined,
  { run, result, root }: Whole,
  timeline: TimelineCollector,
  events: readonly TimelineEvent[],
  sources: TimelineMarks['sources'],
): [string, Story][] {
  if (!suite) return [];
  return suite.cases.flatMap((each): [string, Story][] => {
    const shown = each.attempts?.find(({ verdict }) => verdict === each.verdict);
    if (shown && (shown.round !== stored.round || shown.retry !== stored.retry)) return [];
    const story = makeStory(
      {
        suite,
        result: each,
        events,
        text: sources.find(({ file }) => file === suite.file)?.text,
        folder: relative(root, stored.folder),
        files: [...stored.logs, ...stored.filesOf(each.case)].map(({ path }) => relative(root, path)),
        rerun: result.rerun,
        root,
      },
      timeline.cases.find(({ id }) => id === each.case)?.marks,
      timeline,
    );
    if (!story) return [];
    // Beside the report, so that it can be linked to.
    const evidence = story.evidence.map((one) => ({ ...one, path: relative(relative(root, run.folder), one.path) }));
    return [[`${stored.suite}/${each.case}`, { ...story, evidence }]];
  });
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

function findRecording(
  recording: RecordingMark,
  stored: StoredSuite,
  kase: CaseMarks,
  runFolder: string,
  originAtMs: number,
): void {
  const files = stored.filesOf(kase.case);
  const facts = files.find(({ name }) => name === `${recording.name}.facts.json`);
  const { firstPacketAtMs, firstTimestampMs } = facts ? readFacts(facts.path) : {};
  if (firstPacketAtMs !== undefined) recording.firstPacketMs = Math.round(firstPacketAtMs - originAtMs);
  if (firstTimestampMs !== undefined) recording.firstTimestampMs = firstTimestampMs;
  const media = files.find(({ name }) => MEDIA.test(name) && name.replace(MEDIA, '') === recording.name);
  const preview = files.find(({ name }) => name === `${recording.name}.preview.mp4`);
  if (media) recording.file = relative(runFolder, media.path);
  const playable = preview ?? (media && /\.(mp4|webm)$/.test(media.name) ? media : undefined);
  if (playable) recording.playable = relative(runFolder, playable.path);
  else if (media) recording.unplayable = 'no preview was made of it';
  else
    recording.unplayable =
      kase.verdict === 'passed' ? 'recordings of passed cases are kept with --keep' : 'it is not beside the report';
}

const MEDIA = /\.(flv|nut|mkv|mp4|ts|webm)$/;

function readFacts(path: string): { firstPacketAtMs?: number; firstTimestampMs?: number } {
  try {
    const facts: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof facts === 'object' && facts !== null ? facts : {};
  } catch {
    return {};
  }
}

/** Runs from before suites were kept on the timeline: the file as it is today, which the page says. */
function sourceOnDisk(file: string | undefined): { file: string; text: string; isStored: false }[] {
  if (file === undefined || !existsSync(file) || statSync(file).size > LARGEST_FILE_BYTES) return [];
  return [{ file, text: readFileSync(file, 'utf8'), isStored: false }];
}

function aboutOf(result: RunResult, timelines: readonly TimelineHead[]): [string, string][] {
  const runtimes = [...new Set(timelines.map(({ runtime }) => runtime))].join(', ');
  return [['runtime', runtimes || 'none was started'], ...Object.entries(result.machine ?? {})];
}
