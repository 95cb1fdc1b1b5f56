// The one error type of the harness. Whether a run failed or was inconclusive is decided by `kind`, never by reading a message.

import type { Position } from './position.ts';

/**
 * - `failed`: the pipeline broke a promise (exit 1).
 * - `usage`: the suite, the Compose file or the command line is wrong (exit 2).
 * - `inconclusive`: Testcard could not tell (exit 3).
 * - `internal`: a defect of Testcard (exit 3).
 * - `interrupted`: somebody pressed Ctrl-C or sent SIGTERM (exit 130).
 */
export type ErrorKind = 'failed' | 'usage' | 'inconclusive' | 'internal' | 'interrupted';

/** Every code there is, with the kind it implies. docs/reference lists them; a test keeps the list whole. */
export const ERROR_KINDS = {
  CHECK_FAILED: 'failed',
  SUITE_INVALID: 'usage',
  SUITE_NOT_FOUND: 'usage',
  NOTHING_SELECTED: 'usage',
  USAGE: 'usage',
  COMPOSE_INVALID: 'usage',
  COMPOSE_NOT_FOUND: 'usage',
  FIXTURE_UNKNOWN: 'usage',
  FIXTURE_INVALID: 'usage',
  RUNTIME_UNSUPPORTED: 'usage',
  CHECK_INCONCLUSIVE: 'inconclusive',
  STEP_INCONCLUSIVE: 'inconclusive',
  SERVICE_NOT_READY: 'inconclusive',
  SERVICE_LOST: 'inconclusive',
  ENGINE_MISSING: 'inconclusive',
  IMAGE_MISSING: 'inconclusive',
  PORT_TAKEN: 'inconclusive',
  FFMPEG_MISSING: 'inconclusive',
  FFMPEG_FAILED: 'inconclusive',
  STREAM_UNREADABLE: 'inconclusive',
  PUBLISH_FAILED: 'inconclusive',
  RECORDING_CORRUPT: 'inconclusive',
  RECORDING_EMPTY: 'inconclusive',
  INSTRUMENT_OFF: 'inconclusive',
  METRICS_UNREADABLE: 'inconclusive',
  FAULT_UNPROVEN: 'inconclusive',
  FAULT_NOT_REVERTED: 'inconclusive',
  CASE_TIMEOUT: 'inconclusive',
  CLEANUP_FAILED: 'inconclusive',
  LIMIT_EXCEEDED: 'inconclusive',
  NOT_REPLAYABLE: 'inconclusive',
  SHARD_MISSING: 'inconclusive',
  INTERNAL: 'internal',
  INTERRUPTED: 'interrupted',
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERROR_KINDS;

export interface ErrorDetails {
  /** What to do about it, one line. */
  hint?: string | undefined;
  position?: Position | undefined;
  /** Structured facts for reports: JSON-serialisable. */
  detail?: unknown;
  cause?: unknown;
}

export class TestcardError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly position: Position | undefined;
  readonly detail: unknown;

  /** `message` is one line: what, where. */
  constructor(code: ErrorCode, message: string, { hint, position, detail, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'TestcardError';
    this.code = code;
    this.kind = ERROR_KINDS[code];
    this.hint = hint;
    this.position = position;
    this.detail = detail;
  }
}

/** One problem of a suite or Compose file. Problems are data: collected, and shown together. */
export interface Problem {
  severity: 'error' | 'warning';
  /** One line: what is wrong. */
  message: string;
  position: Position;
  /** What was expected, or "did you mean …". */
  hint?: string | undefined;
}

export const EXIT_CODES = {
  failed: 1,
  usage: 2,
  inconclusive: 3,
  internal: 3,
  interrupted: 130,
} as const satisfies Record<ErrorKind, number>;

/** Any thrown value as a TestcardError: unknown ones become INTERNAL with the original as cause. */
export function toTestcardError(error: unknown): TestcardError {
  if (error instanceof TestcardError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new TestcardError('INTERNAL', message, { cause: error });
}
