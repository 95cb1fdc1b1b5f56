// Reads from disk what failure stories are made of: the timelines of suites with a case that did not pass, their YAML, the list of their files.

import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { splitLines } from '../base/lines.ts';
import type { CaseResult, RunResult, SuiteResult } from '../model/results.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { type FailureStory, failureStory } from './failure-story.ts';

/** Larger suites and more files than these are not what a person wrote, or will look through. */
const LARGEST_SUITE_BYTES = 1024 * 1024;
const MOST_FILES = 500;
/** Of one timeline without its metrics. Beyond it the oldest log lines are forgotten. */
const MOST_EVENTS = 250_000;
const LONGEST_EVENT_BYTES = 256 * 1024;

/** One for each case that is told of, by `<suite>/<case>`. `root` is the working folder that the run's paths are relative to. */
export function readFailureStories(run: RunResult, root: string): Map<string, FailureStory> {
  const stories = new Map<string, FailureStory>();
  for (const suite of run.suites) {
    const events = new Map<string, TimelineEvent[]>(); // an attempt of a case has a timeline of its own
    for (const result of suite.cases) {
      if (result.verdict !== 'failed' && result.verdict !== 'inconclusive') continue;
      const folder = folderOf(run, suite, result);
      const known = events.get(folder) ?? readStoryEvents(join(root, folder, 'timeline.ndjson'));
      events.set(folder, known);
      const story = failureStory({
        suite,
        result,
        events: known,
        text: readSuite(join(root, suite.file), run.startedAtMs),
        folder,
        files: filesBelow(root, folder),
        rerun: run.rerun,
        root,
      });
      if (story) stories.set(`${suite.suite}/${result.case}`, story);
    }
  }
  return stories;
}

/** The suite's folder of the attempt that the result shows. */
function folderOf(run: RunResult, suite: SuiteResult, result: CaseResult): string {
  const shown = result.attempts?.find(({ verdict }) => verdict === result.verdict);
  return shown ? shown.folder.split('/').slice(0, -1).join('/') : `${run.folder}/suites/${suite.suite}`;
}

/** What most of a timeline is and no story tells of. */
const UNTOLD = /^\{"type":"(?:metrics|measurement|look|answer|saved)"/;

/** Events of a timeline that stories are made from. Empty when there is none. */
export function readStoryEvents(path: string): TimelineEvent[] {
  if (!existsSync(path)) return [];
  const events: TimelineEvent[] = [];
  const lines = splitLines((line, truncated) => {
    if (truncated || UNTOLD.test(line)) return;
    try {
      events.push(JSON.parse(line) as TimelineEvent);
    } catch {
      // the torn last line of a worker that was killed
    }
    if (events.length > MOST_EVENTS) forgetOldLogs(events);
  }, LONGEST_EVENT_BYTES);
  const fd = openSync(path, 'r');
  const chunk = Buffer.alloc(1024 * 1024);
  try {
    for (let size = readSync(fd, chunk); size > 0; size = readSync(fd, chunk)) lines.push(chunk.subarray(0, size));
    lines.end();
  } finally {
    closeSync(fd);
  }
  return events;
}

function forgetOldLogs(events: TimelineEvent[]): void {
  const half = events.splice(0, events.length / 2).filter(({ type }) => type !== 'log');
  events.unshift(...half);
}

/** For runs whose timelines do not have the YAML that ran: the file as it is, when it is as it was. */
function readSuite(path: string, unchangedSinceMs: number): string | undefined {
  if (!existsSync(path)) return undefined;
  const { size, mtimeMs } = statSync(path);
  return size <= LARGEST_SUITE_BYTES && mtimeMs <= unchangedSinceMs ? readFileSync(path, 'utf8') : undefined;
}

/** Relative to the working folder, as `folder` is. */
function filesBelow(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .slice(0, MOST_FILES)
    .map((entry) => `${folder}${entry.parentPath.slice(join(root, folder).length)}/${entry.name}`)
    .sort();
}
