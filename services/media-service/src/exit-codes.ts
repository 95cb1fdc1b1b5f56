// Why the worker ends: one exit code per cause, so that whoever restarts it can tell them apart.

export const EXIT_CODES = {
  stopped: 0,
  internal: 1,
  'bad-config': 2,
  'source-unavailable': 3,
  'source-unsupported': 4,
  'sts-lost': 5,
  'publish-failed': 6,
  'ffmpeg-missing': 7,
  'port-taken': 8,
} as const;

export type ExitCause = keyof typeof EXIT_CODES;

/** The end of the worker: a cause, and one line for the log. */
export class WorkerFailure extends Error {
  readonly exitCause: ExitCause;
  readonly detail: Record<string, unknown>;

  constructor(exitCause: ExitCause, message: string, detail: Record<string, unknown> = {}) {
    super(message);
    this.name = 'WorkerFailure';
    this.exitCause = exitCause;
    this.detail = detail;
  }

  get exitCode(): number {
    return EXIT_CODES[this.exitCause];
  }
}
