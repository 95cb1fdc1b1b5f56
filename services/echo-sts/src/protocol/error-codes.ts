// The error codes of the protocol, and how serious each is.

interface ErrorClass {
  severity: 'warning' | 'error' | 'fatal';
  retryable: boolean;
}

const notRetryable: ErrorClass = { severity: 'error', retryable: false };
const retryable: ErrorClass = { severity: 'error', retryable: true };
const later: ErrorClass = { severity: 'warning', retryable: true };

const ERROR_CLASSES = {
  STREAM_NOT_FOUND: notRetryable,
  INVALID_CONFIG: notRetryable,
  FRAGMENT_TOO_LARGE: notRetryable,
  INVALID_SEQUENCE: notRetryable,
  TIMEOUT: retryable,
  MODEL_ERROR: retryable,
  GPU_OOM: retryable,
  QUEUE_FULL: later,
  RATE_LIMIT: later,
} as const satisfies Record<string, ErrorClass>;

export type ErrorCode = keyof typeof ERROR_CLASSES;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CLASSES, code);
}

/** A code that the protocol does not know is an error that a retry does not help. */
export function errorClassOf(code: string): ErrorClass {
  return isErrorCode(code) ? ERROR_CLASSES[code] : notRetryable;
}

/** A refusal that becomes an `error` event: thrown while an event of a worker or a driver is handled. */
export class ProtocolError extends Error {
  readonly code: ErrorCode;
  readonly metadata: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, metadata?: Record<string, unknown>) {
    super(message);
    this.name = 'ProtocolError';
    this.code = code;
    this.metadata = metadata;
  }
}
