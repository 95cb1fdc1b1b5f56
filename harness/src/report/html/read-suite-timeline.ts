// Reads one stored timeline into the page's data: its marks, its log, its series, and the stories of what did not pass in it.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import type { RunResult, SuiteResult } from '../../model/results.ts';
import type { TimelineEvent } from '../../model/timeline.ts';
import type { StoredRun, StoredSuite } from '../stored-run.ts';
import { logText, TimelineCollector } from './collect-timeline.ts';
import { findRecording } from './find-recording.ts';
import { makeStory } from './make-story.ts';
import { packChunk } from './pack-chunk.ts';
import type { Story, TimelineHead, TimelineMarks } from './page-data.ts';
import { streamMoment } from './stream-moment.ts';

const LARGEST_FILE_BYTES = 4 * 1024 * 1024;

export interface Whole {
  run: StoredRun;
  result: RunResult;
  root: string;
  chunks: Map<string, string>;
}

/** `index`: its number in the page. Its chunks are added to `chunks`. */
export async function readSuiteTimeline(
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

/** Runs from before suites were kept on the timeline: the file as it is today, which the page says. */
function sourceOnDisk(file: string | undefined): { file: string; text: string; isStored: false }[] {
  if (file === undefined || !existsSync(file) || statSync(file).size > LARGEST_FILE_BYTES) return [];
  return [{ file, text: readFileSync(file, 'utf8'), isStored: false }];
}
