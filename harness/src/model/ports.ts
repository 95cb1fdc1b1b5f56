// What the engine, steps and checks ask of the world. The real ones are put together in assembly/; unit tests pass fakes.

import type { Clock } from '../base/clock.ts';
import type { UndoStack } from '../base/undo.ts';
import type { TestcardError } from './errors.ts';
import type { FaultsPort, ServiceControl } from './faults.ts';
import type { Measurements, MeasureName } from './measurements.ts';
import type { CheckNode, StepNode, Vars } from './suite.ts';
import type { TimelineEvent } from './timeline.ts';

/** A stretch of time that a check looks at, Unix ms. `toMs` is undefined while it is still open. */
export interface Window {
  fromMs: number;
  toMs?: number;
  /** From when on every sample must hold, where every sample must (`always`). Default: `fromMs`. */
  heldSinceMs?: number;
  /** From when on one instant is enough (`eventually`): what was true for a moment between two looks counts. Default: only now counts. */
  anySinceMs?: number;
}

/** One series of one scrape, flattened: a histogram `h` gives `h_bucket{le=…}`, `h_sum` and `h_count`. */
export interface MetricPoint {
  name: string;
  labels: Record<string, string>;
  type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';
  value: number;
}

export interface Scrape {
  atMs: number;
  points: MetricPoint[];
}

/** The answer of a metrics address as it came, before anything was made of it. */
export interface Exposition {
  atMs: number;
  status: number;
  contentType?: string | undefined;
  text: string;
}

export interface MetricsPort {
  /** Scrapes of the service, oldest first: the last one at or before `window.fromMs` (the baseline), then those inside. */
  history(service: string, window: Window): Scrape[];
  /** Scrapes now, adds it to the history and returns it. Throws METRICS_UNREADABLE. */
  scrape(service: string, signal: AbortSignal): Promise<Scrape>;
  /** As `scrape`, but what came, whatever it is. Throws METRICS_UNREADABLE when nothing did. */
  exposition(service: string, signal: AbortSignal): Promise<Exposition>;
  /** Services that have a metrics address. */
  services(): string[];
  /** Why the newest scrape failed, undefined when it did not. */
  lastProblem(service: string): string | undefined;
}

export interface LogLine {
  atMs: number;
  service: string;
  stream: 'stdout' | 'stderr';
  text: string;
  /** The parsed object when the service logs JSON and this line is one. */
  fields?: Record<string, unknown> | undefined;
}

export interface LogsPort {
  /** Lines that arrived within the window, oldest first. */
  lines(service: string, window: Window): LogLine[];
  /** Lines dropped because a limit was reached, 0 when all of them arrived before `window`; checks over a log with drops are inconclusive. */
  dropped(service: string, window?: Window): number;
}

export type ServiceState = 'waiting' | 'starting' | 'running' | 'ready' | 'paused' | 'stopped' | 'exited' | 'failed';

export interface ServiceStatus {
  service: string;
  state: ServiceState;
  exitCode?: number | undefined;
  signal?: string | undefined;
  /** How many times the runtime started it again since it was first up. */
  restarts: number;
  sinceMs: number;
  pid?: number | undefined;
  /** Ended, and nothing will start it again by itself. */
  isDown?: boolean | undefined;
}

export interface ServicesPort {
  names(): string[];
  status(service: string): ServiceStatus;
  /** Its state at the start of the window and every one since, oldest first: a crash that a restart follows at once is not missed. */
  history(service: string, window: Window): ServiceStatus[];
}

export interface HttpResponse {
  status: number;
  headers: Record<string, string>;
  /** At most 4 MiB; longer bodies are LIMIT_EXCEEDED. */
  body: string;
  elapsedMs: number;
}

export interface HttpPort {
  /** `url` as the services see it; the port maps it. Rejects with STEP_INCONCLUSIVE when there is no answer. */
  request(
    request: { method: string; url: string; headers?: Record<string, string>; body?: string; timeoutMs?: number },
    signal: AbortSignal,
  ): Promise<HttpResponse>;
}

export interface StreamProbe {
  readable: boolean;
  /** Why not, when not. */
  reason?: string;
  /** FFmpeg codec names: `h264`, `aac`. */
  video?: string;
  audio?: string;
}

export interface StreamsPort {
  /** Tries to read the stream, at most `timeoutMs`. `url` as the services see it. */
  probe(url: string, timeoutMs: number, signal: AbortSignal): Promise<StreamProbe>;
}

export interface RecordingStatus {
  name: string;
  state: 'waiting' | 'recording' | 'ended' | 'stopped' | 'failed';
  bytes: number;
  /** Why it failed, when it did. */
  problem?: string;
}

export interface RecordingsPort {
  names(): string[];
  status(name: string): RecordingStatus | undefined;
  /** Measures a recording that has ended (an open one is LIMIT: STEP_INCONCLUSIVE "stop or finish it first"). Results are kept: asking twice measures once. */
  measure(name: string, wanted: MeasureName[], signal: AbortSignal): Promise<Measurements>;
}

export interface CheckPorts {
  clock: Clock;
  metrics: MetricsPort;
  logs: LogsPort;
  services: ServicesPort;
  http: HttpPort;
  streams: StreamsPort;
  recordings: RecordingsPort;
}

/** Something a step started that goes on beside the steps: a publisher or a recording. */
export interface Activity {
  kind: 'publisher' | 'recording';
  name: string;
  /** Where it publishes to or records from, as the services see it. */
  url: string;
  /** Resolves when it has ended by itself or was stopped; rejects with a TestcardError when it failed. */
  ended: Promise<void>;
  stop(signal: AbortSignal): Promise<void>;
  /** One line on how far it is, for progress: `41.2 s of 60 s published`. */
  progress(): string;
}

export interface MediaPort {
  /** Resolves when FFmpeg's first packets are accepted by the server; FFmpeg goes on. Throws FIXTURE_UNKNOWN, PUBLISH_FAILED, FFMPEG_MISSING. */
  publish(
    request: { fixture: string; to: string; as: string; loop?: boolean; startAtMs?: number },
    signal: AbortSignal,
  ): Promise<Activity>;
  /** Returns at once; waits for the stream to be readable in the background, then records. */
  record(request: { from: string; as: string }, signal: AbortSignal): Promise<Activity>;
}

export interface SocketPort {
  /**
   * Emits one Socket.IO event to a service (by name, or by address) and, when `reply` is given, waits for that event. No fitting answer in
   * time resolves without `reply`, with the last answer that did not fit as `rejected`. Throws STEP_INCONCLUSIVE when it cannot connect.
   */
  emit(
    request: {
      to: string;
      path: string;
      event: string;
      data: unknown;
      reply?: { event: string; matches: (payload: unknown) => boolean };
      timeoutMs: number;
    },
    signal: AbortSignal,
  ): Promise<{ reply?: unknown; rejected?: unknown }>;
}

/** Everything a step can use while its case runs. */
export interface CaseContext extends CheckPorts {
  caseId: string;
  /** The step that runs: `0`, `1.0` … */
  step?: string;
  /** How many events stand on the suite's timeline. */
  timelineLength?(): number;
  /** Ends the case with this error: for what goes wrong beside the steps. */
  fail(error: TestcardError): void;
  /** A step that goes on looking has seen a promise broken already: that is what the case ends with should its time run out. */
  noteBroken?(error: TestcardError): void;
  media: MediaPort;
  sockets: SocketPort;
  faults: FaultsPort;
  control: ServiceControl;
  /** Named stretches of the case so far, in order; the last one is open. */
  phases: { name: string; fromMs: number }[];
  /** When the fault of the step just before was shown to have taken effect: what happened between the two steps is not missed. */
  justBroken: { atMs?: number | undefined };
  /** Faults (by the instant they were over) whose recovery is noted already. */
  recoveredFrom: Set<number>;
  /** Aborts at the case's time-out, on Ctrl-C, and when a `throughout` check breaks. */
  signal: AbortSignal;
  startedAtMs: number;
  undo: UndoStack;
  activities: Map<string, Activity>;
  /** Names of activities that are over, however they ended. */
  endedActivities: Set<string>;
  saved: Record<string, unknown>;
  /** Masks secrets. */
  mask(text: string): string;
  emitEvent(event: TimelineEvent): void;
  /** Live line under the step: what it waits for and the last value. */
  progress(waitingFor: string, last?: string | number): void;
  windowOf(check: CheckNode): Window;
  /** One after the other; stops at the first that throws. `first`: the number that the first of them has in its parent. */
  runSteps(steps: StepNode[], first?: number): Promise<void>;
  /** The same case under another signal (a branch of `parallel`). */
  fork(signal: AbortSignal): CaseContext;
  vars: Vars;
}
