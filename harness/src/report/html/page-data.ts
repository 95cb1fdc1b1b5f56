// What the page of the report is given: the contract between the writer of the file and the script inside it.
// Times are whole milliseconds from the beginning of their timeline (`originAtMs`), unless a name says otherwise.

import type { Measurements } from '../../model/measurements.ts';
import type { Attempt, CaseResult, Figure, RunResult } from '../../model/results.ts';
import type { ErrorRecord, SourceText } from '../../model/timeline.ts';
import type { Verdict } from '../../model/verdict.ts';
import type { FailureStory } from '../failure-story.ts';

/** Everything that is read when the page opens. Large parts are in chunks of their own, read when they are looked at. */
export interface PageData {
  run: RunFacts;
  suites: SuiteData[];
  timelines: TimelineHead[];
}

export interface RunFacts
  extends Pick<
    RunResult,
    'run' | 'command' | 'startedAtMs' | 'elapsedMs' | 'verdict' | 'exitCode' | 'errors' | 'repeat'
  > {
  /** Name and value, in the order in which they are shown. */
  about: [name: string, value: string][];
  /** What is missing or damaged in the stored run, in words. */
  notes: string[];
}

export interface SuiteData {
  suite: string;
  name: string;
  file: string;
  verdict: Verdict;
  elapsedMs: number;
  readyAfterMs?: number;
  errors: ErrorRecord[];
  cases: CaseSummary[];
}

export interface CaseSummary extends Omit<CaseResult, 'attempts' | 'figures'> {
  figures: Figure[];
  attempts: AttemptSummary[];
  isFlaky: boolean;
  /** Why it does not block although it did not pass, or does although it may have. */
  standing?: { blocks: boolean; text: string };
  /** The command that runs just this case. */
  rerun: string;
  story?: Story;
}

export interface AttemptSummary extends Omit<Attempt, 'moreErrors' | 'codeFrame'> {
  /** Index into `timelines`, when it was kept in the page. */
  timeline?: number;
}

/** A broken promise as every report tells it, and what only this one has room for. */
export interface Story extends FailureStory {
  /** What the services said nearest to the instant, those that the promise names first; errors and warnings are in `meanwhile`. */
  said: Said[];
  /** What the recording lacks within two seconds of the instant. */
  defects: { offsetMs: number; text: string }[];
  /** Warnings and errors of logs earlier in the case, like ones together. */
  earlier: EarlierLines[];
  graph?: StoryGraph;
}

export interface EarlierLines {
  /** Of the first and the last, on the case's own clock. */
  firstMs: number;
  lastMs: number;
  level: 'warn' | 'error';
  service: string;
  /** What the first one said. */
  text: string;
  count: number;
}

/** A small picture of what the promise is about; times are of the case's own clock. */
export interface StoryGraph {
  kind: 'steps' | 'points' | 'marks';
  label: string;
  fromMs: number;
  toMs: number;
  points: [atMs: number, value: number][];
  limits: { value: number; name: string }[];
  /** `since`: time since the mark before, in words. */
  marks?: { fromMs: number; toMs: number; title: string; since?: string }[];
}

export interface Said {
  /** Since the instant; negative before it. */
  offsetMs: number;
  service: string;
  text: string;
}

export interface TimelineHead {
  suite: string;
  round: number;
  retry: number;
  originAtMs: number;
  endMs: number;
  runtime: string;
  cases: Pick<CaseMarks, 'case' | 'fromMs' | 'toMs' | 'verdict'>[];
  /** Name of the chunk with its marks. */
  marks: string;
}

/** The `marks` chunk of one timeline: everything but the lines of logs and the values of metrics. */
export interface TimelineMarks {
  endMs: number;
  /** `isStored`: as it was when it ran; else as the file is today. */
  sources: (SourceText & { isStored: boolean })[];
  runtime: string;
  compose: string;
  environment: { atMs: number; state: string }[];
  services: ServiceLane[];
  cases: CaseMarks[];
  log?: LogHead;
  metrics: MetricsOfService[];
}

export interface ServiceLane {
  service: string;
  spans: ServiceSpan[];
}

export interface ServiceSpan {
  fromMs: number;
  toMs: number;
  state: string;
  restarts: number;
  exitCode?: number | undefined;
  signal?: string | undefined;
}

export interface CaseMarks {
  case: string;
  title: string;
  file: string;
  line: number;
  fromMs: number;
  toMs: number;
  verdict: Verdict | 'skipped' | 'unfinished';
  error?: ErrorRecord;
  phases: { name: string; fromMs: number; toMs: number }[];
  steps: StepMark[];
  checks: CheckMark[];
  faults: FaultMark[];
  recoveries: { atMs: number; after: string; check: string; recoveryMs: number; promisedMs?: number }[];
  activities: { name: string; kind: string; fromMs: number; toMs: number; state: string }[];
  recordings: RecordingMark[];
  cleanup: { name: string; message: string }[];
  /** Series that its steps and checks name: `service` and the name as written. */
  named: { service: string; metric: string }[];
}

export interface StepMark {
  step: string;
  depth: number;
  title: string;
  file: string;
  line: number;
  fromMs: number;
  toMs: number;
  verdict: Verdict | 'unfinished';
  /** What it waited for, and the values seen meanwhile. */
  waits: { atMs: number; for: string; last?: string | number | undefined }[];
  error?: ErrorRecord;
}

export interface CheckMark {
  title: string;
  file: string;
  line: number;
  how: string;
  /** The instant that decided it; else when it was judged. */
  atMs: number;
  judgedMs: number;
  verdict: Verdict;
  expected: string;
  seen: string;
  last?: string | number | undefined;
  hint?: string | undefined;
  /** As JSON, cut where it is long. */
  detail?: string | undefined;
}

export interface FaultMark {
  fault: string;
  kind: string;
  title: string;
  askedMs: number;
  injectedMs?: number;
  provenMs?: number;
  unprovenMs?: number;
  revertingMs?: number;
  revertedMs?: number;
  notRevertedMs?: number;
  proof?: string;
  revertProof?: string;
}

export interface RecordingMark {
  name: string;
  /** Relative to the report, when it is (still) there. */
  file?: string;
  /** What the browser can play, relative to the report. */
  playable?: string;
  /** Instant and stream time of its first packet: what ties the recording to the axis. */
  firstPacketMs?: number;
  firstTimestampMs?: number;
  /** Why it cannot be played, in words. */
  unplayable?: string;
  measurements?: Measurements;
}

export interface LogHead {
  chunk: string;
  lines: number;
  services: string[];
}

/** One line of the `log` chunk: time, index of the service, level, text; tab-separated. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface MetricsOfService {
  service: string;
  samples: number;
  series: SeriesHead[];
}

export interface SeriesHead {
  name: string;
  points: number;
  min: number;
  max: number;
  /** Chunk that holds its values, and its index there. */
  chunk: string;
  index: number;
}

/** A chunk of series of one service. */
export interface SeriesBlock {
  /** Time of each sample, as differences. */
  times: number[];
  /** Values at samples; `at` are the samples' numbers as differences, absent when there is a value at each from `first` on. */
  series: { first: number; at?: number[]; values: number[] }[];
}
