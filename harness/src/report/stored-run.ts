// A run as it lies in its folder under reports/: what every view is made from, whether the run has just ended, is old, or was killed.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { TestcardError } from '../model/errors.ts';
import type { RunResult } from '../model/results.ts';
import { RUN_FORMAT, type RunRecord } from '../model/run-record.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { type Damage, readTimeline, type TimelineLimits } from './read-timeline.ts';

export interface StoredRun {
  /** Absolute. */
  folder: string;
  run: string;
  /** Of what is in the folder; see RUN_FORMAT. */
  format: number;
  /** results.json; undefined when the run did not get that far. */
  result: RunResult | undefined;
  /** run.json; undefined in format 1. */
  record: RunRecord | undefined;
  /** Every suite of every pass, in order of round, retry and name. */
  suites: StoredSuite[];
  /** What is missing or damaged, in words; reading timelines can add to it. */
  notes: string[];
}

/** A suite in one pass over the selection: its environment was started once for it. */
export interface StoredSuite {
  /** Id of the suite. */
  suite: string;
  /** From 1. */
  round: number;
  /** 0 for the round's own. */
  retry: number;
  /** Absolute: holds timeline.ndjson, logs/ and a folder a case. */
  folder: string;
  timelineBytes: number;
  /** In the order in which they were seen. Reads the file anew each time, a megabyte at a time. Throws LIMIT_EXCEEDED. */
  events(): Generator<TimelineEvent>;
  /** Service → absolute path of its log. */
  logs: { service: string; path: string; bytes: number }[];
  /** Files of a case: recordings, their measurements, what a view has added. */
  filesOf(caseId: string): StoredFile[];
}

export interface StoredFile {
  name: string;
  /** Absolute. */
  path: string;
  bytes: number;
}

export interface StoredRunLimits extends TimelineLimits {
  /** Suites of all passes. */
  suites: number;
  /** Of results.json and run.json. */
  resultBytes: number;
}

const DEFAULT_LIMITS: StoredRunLimits = {
  suites: 10_000,
  resultBytes: 256 * 1024 * 1024,
  timelineBytes: 4 * 1024 * 1024 * 1024,
  lineBytes: 64 * 1024 * 1024,
};

/** Files of one case that are listed. */
const MAX_FILES = 1_000;

/**
 * Opens the run in `folder`. Throws USAGE when there is none, or when it was written by a Testcard that this one does not know. Nothing of a
 * timeline is read before `events()` is.
 */
export function openStoredRun(folder: string, limits: Partial<StoredRunLimits> = {}): StoredRun {
  const bounds = { ...DEFAULT_LIMITS, ...limits };
  const path = resolve(folder);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new TestcardError('USAGE', `there is no run ${folder}`, { hint: 'runs are folders below reports/' });
  }
  const notes: string[] = [];
  const record = readJson<RunRecord>(join(path, 'run.json'), bounds.resultBytes, notes);
  const result = readJson<RunResult>(join(path, 'results.json'), bounds.resultBytes, notes);
  const format = formatOf(folder, record, result);
  const suites = passFolders(path).flatMap((pass) => suitesOf(pass, bounds, notes));
  if (!record && !result && suites.length === 0) {
    throw new TestcardError('USAGE', `${folder} holds no run: neither results.json nor a timeline`, {
      hint: 'name a folder below reports/, or none for the newest run',
    });
  }
  if (suites.length > bounds.suites) {
    throw new TestcardError('LIMIT_EXCEEDED', `${folder} holds ${suites.length} suites, more than ${bounds.suites}`);
  }
  if (!result)
    notes.push('the run did not end by itself: there is no results.json, verdicts are those of the timelines');
  return { folder: path, run: result?.run ?? record?.run ?? basename(path), format, result, record, suites, notes };
}

/** The run that was begun last, of those in a reports folder. Throws USAGE when there is none. */
export function newestRun(reports: string): string {
  const isRun = (folder: string) =>
    ['run.json', 'results.json', 'suites', 'round-1', 'round-01', 'round-001', 'round-0001'].some((name) =>
      existsSync(join(folder, name)),
    );
  const found = existsSync(reports)
    ? readdirSync(reports, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && /^\d{4}-\d{2}-\d{2}_/.test(entry.name))
        .map(({ name }) => name)
        .sort()
    : [];
  const newest = found.findLast((name) => isRun(join(reports, name)));
  if (newest !== undefined) return join(reports, newest);
  throw new TestcardError('USAGE', `there is no run below ${relative(process.cwd(), reports) || reports}`, {
    hint: '`testcard run` leaves one there',
  });
}

function formatOf(folder: string, record: RunRecord | undefined, result: RunResult | undefined): number {
  const format: unknown = record ? record.format : 1;
  if (format === 1 || format === RUN_FORMAT) {
    if (result && !Array.isArray(result.suites)) throw unknownFormat(folder, 'results.json has no suites');
    return format;
  }
  throw unknownFormat(folder, `format ${String(format)}, and this Testcard reads 1 to ${RUN_FORMAT}`);
}

function unknownFormat(folder: string, why: string): TestcardError {
  return new TestcardError('USAGE', `${folder} was not written by this version of Testcard: ${why}`, {
    hint: 'use the version of Testcard that ran it',
  });
}

function readJson<T>(path: string, maxBytes: number, notes: string[]): T | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return undefined;
  if (stats.size > maxBytes) {
    throw new TestcardError('LIMIT_EXCEEDED', `${path} has ${stats.size} bytes, more than ${maxBytes}`);
  }
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    notes.push(`${basename(path)} is damaged: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

interface PassFolder {
  round: number;
  retry: number;
  folder: string;
}

/** `suites/` of the run itself, of its rounds and of their retries. */
function passFolders(folder: string): PassFolder[] {
  const numbered = (base: string, name: string) =>
    readdirSync(base, { withFileTypes: true }).flatMap((entry) => {
      const number = new RegExp(`^${name}-(\\d+)$`).exec(entry.name)?.[1];
      return entry.isDirectory() && number !== undefined
        ? [{ number: Number(number), folder: join(base, entry.name) }]
        : [];
    });
  const rounds = [{ number: 1, folder }, ...numbered(folder, 'round')];
  return rounds
    .flatMap(({ number: round, folder: base }) =>
      [{ number: 0, folder: base }, ...numbered(base, 'retry')].map((each) => ({
        round,
        retry: each.number,
        folder: join(each.folder, 'suites'),
      })),
    )
    .filter((pass) => existsSync(pass.folder))
    .sort((a, b) => a.round - b.round || a.retry - b.retry);
}

function suitesOf({ round, retry, folder }: PassFolder, limits: StoredRunLimits, notes: string[]): StoredSuite[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((suite) => storedSuite({ suite, round, retry, folder: join(folder, suite) }, limits, notes));
}

function storedSuite(
  of: Pick<StoredSuite, 'suite' | 'round' | 'retry' | 'folder'>,
  limits: StoredRunLimits,
  notes: string[],
): StoredSuite {
  const timeline = join(of.folder, 'timeline.ndjson');
  const note = (damage: Damage) => {
    const text = `${of.suite}: ${damageText(damage)}`;
    if (!notes.includes(text)) notes.push(text);
  };
  return {
    ...of,
    timelineBytes: statSync(timeline, { throwIfNoEntry: false })?.size ?? 0,
    events: () => readTimeline(timeline, limits, note),
    logs: filesIn(join(of.folder, 'logs'))
      .filter(({ name }) => name.endsWith('.log'))
      .map(({ name, path, bytes }) => ({ service: name.slice(0, -'.log'.length), path, bytes })),
    filesOf: (caseId) => (caseId.includes('/') ? [] : filesIn(join(of.folder, caseId))),
  };
}

function damageText({ line, isLast, why }: Damage): string {
  return isLast
    ? `the last line of its timeline (${line}) is torn, as a killed run leaves it; it is left out`
    : `line ${line} of its timeline is damaged and left out: ${why}`;
}

function filesIn(folder: string): StoredFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .slice(0, MAX_FILES)
    .map(({ name }) => ({ name, path: join(folder, name), bytes: statSync(join(folder, name)).size }));
}
