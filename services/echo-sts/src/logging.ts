// Structured logs: one JSON object a line on stdout, `timestamp` in epoch seconds, `level` a word.

import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service: 'echo-sts' },
    timestamp: () => `,"timestamp":${(Date.now() / 1_000).toFixed(3)}`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Fields of an event that say what happened; never audio, never anything unbounded. */
const SHOWN = [
  'sequence_number',
  'status',
  'code',
  'severity',
  'action',
  'recommended_delay_ms',
  'current_inflight',
  'queue_depth',
  'queue_position',
  'processing_time_ms',
  'total_fragments',
  'rules_count',
  'retryable',
  'enabled',
  'delay',
  'jitter',
  'silent',
  'scale',
  'delay_ms',
  'reason',
  'message',
];
const SHOWN_CHARS = 200;

const short = (value: string) => (value.length > SHOWN_CHARS ? `${value.slice(0, SHOWN_CHARS)}…` : value);

/** What a log line says about a payload, which may be anything a stranger sent. */
export function describePayload(payload: unknown, streamId?: string): Record<string, unknown> {
  const said: Record<string, unknown> = {};
  if (streamId !== undefined) said.streamId = streamId;
  if (typeof payload !== 'object' || payload === null) return said;
  const fields = payload as Record<string, unknown>;
  if (typeof fields.stream_id === 'string') said.streamId = short(fields.stream_id);
  if (typeof fields.fragment_id === 'string') said['fragment.id'] = short(fields.fragment_id);
  for (const name of SHOWN) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof value === 'string') said[name] = short(value);
    else if (typeof value === 'number' || typeof value === 'boolean') said[name] = value;
  }
  const error = fields.error;
  if (typeof error === 'object' && error !== null && 'code' in error) said.error_code = short(String(error.code));
  return said;
}
