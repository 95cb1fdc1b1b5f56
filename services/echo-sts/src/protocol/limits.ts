// What the server refuses to take from outside, in one place.

const MIB = 1024 * 1024;

export const limits = {
  /** `stream_id`, `worker_id` and other identifiers, in characters. */
  idChars: 128,
  /** Free text such as `error_message` and `reason`. */
  textChars: 1_000,
  /** Audio of one fragment, decoded (protocol: FRAGMENT_TOO_LARGE above it). */
  audioBytes: 10 * MIB,
  /** Rules of one `config:error_simulation`. */
  rules: 100,
  /** Fragments of one session that are waiting for their answer (QUEUE_FULL above it). */
  queuedFragments: 256,
  /** Encoded audio held by one session while it waits (QUEUE_FULL above it). */
  queuedBytes: 128 * MIB,
  /** Fragments of one session that were neither acknowledged by the worker nor given up (QUEUE_FULL above it). */
  inFlight: 10_000,
  /** Processing times kept for the percentile of `stream:complete`: the newest ones. */
  processingTimes: 10_000,
  /** The longest `delay` and `jitter` of `config:processing_delay`. */
  processingDelayMs: 600_000,
  /** The longest `delay_ms` of `simulate:disconnect` (protocol). */
  disconnectDelayMs: 60_000,
} as const;
