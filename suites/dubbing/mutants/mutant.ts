// The vocabulary of mutants: one defect, what it runs against, and the check that must see it.

/** What a defect hears of the service that it is put around, and may do to it. */
export interface Wrapped {
  /** Calls `hear` with every log line that the true service writes, before anything is changed in it. */
  onLog(hear: (line: LogRecord) => void): void;
  /** Writes a log line as if the service had. */
  writeLog(line: LogRecord): void;
  /** Ends the true service at once; the wrapper ends with `exitCode`. */
  end(exitCode: number): void;
}

export type LogRecord = Record<string, unknown>;
export type Payload = Record<string, unknown>;

/** One Socket.IO connection, seen from between the worker and the STS. */
export interface StsWire {
  toServer(event: string, payload: unknown): void;
  toWorker(event: string, payload: unknown): void;
  /** How many connections there were before this one. */
  readonly earlier: number;
}

/** What becomes of one connection's events. Whoever handles an event passes it on, or does not. */
export interface StsTap {
  fromWorker?(event: string, payload: Payload, wire: StsWire): void;
  fromServer?(event: string, payload: Payload, wire: StsWire): void;
  /** The STS is gone: the worker is disconnected when this resolves. Default: at once. */
  serverLost?(): Promise<void>;
}

export interface FlvTag {
  type: number;
  /** DTS, ms. */
  timestampMs: number;
  data: Buffer;
}

/** One published stream: what goes on in place of each tag. `sinceStartMs`: since the stream's first frame. */
export type OutputTap = (tag: FlvTag, sinceStartMs: number) => FlvTag[];

/** Where a defect sits. Whatever is not named is not between: the true service is reached directly. */
export interface Taps {
  /** Variables that differ, made from those that the service was given. */
  environment?(given: Record<string, string | undefined>): Record<string, string>;
  /** A module of this folder that is loaded into the service's process before it: for its timers only. */
  preload?: string;
  /** Called for each connection of the worker to the STS. */
  sts?(): StsTap;
  /** Called for each stream that the worker publishes. */
  output?(): OutputTap;
  /** Arguments of the ffmpeg that carries the output on, between input and format. Default: `-c copy`. */
  outputCodecs?: string[];
  /** The text of each /metrics answer. */
  metrics?(text: string): string;
  /** Each log line; undefined leaves it out. */
  log?(line: LogRecord): LogRecord | undefined;
  /** The exit code, when the service ends by itself; undefined: the wrapper does not end. */
  exitCode?(code: number): number | undefined;
}

export type Service = 'media-service' | 'echo-sts';

export interface Trial {
  /** kebab-case. */
  name: string;
  /** One line. A true pipeline has none: its wrappers carry everything on unchanged. */
  defect: string;
  service: Service;
  /** Suite by its file name, without `.suite.yaml`; `case` as `testcard run --case` takes it. */
  against: { suite: string; case?: string };
  /** About how long a run takes: what shares are made by. */
  seconds: number;
  make(wrapped: Wrapped): Taps;
}

export interface Mutant extends Trial {
  /** The check that must fail, by what it promises; `seen` when the promise alone does not tell which part of it was broken. */
  killedBy: { check: RegExp; seen?: RegExp };
}
