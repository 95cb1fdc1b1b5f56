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
  // Written at once: pino's own default writes later, and what a stopping process still has is then out of order, or lost.
  return pino(options, destination ?? pino.destination({ fd: 1, sync: true }));
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

/** The part of a session that its log lines are about. */
export interface LogSubject {
  streamId: string;
  sequenceNumberOf(fragmentId: string): number | undefined;
}

/** What a log line says about a payload, which may be anything a stranger sent. */
export function describePayload(payload: unknown, subject?: LogSubject): Record<string, unknown> {
  const said: Record<string, unknown> = subject ? { streamId: subject.streamId } : {};
  if (!isRecord(payload)) return said;
  if (typeof payload.stream_id === 'string') said.streamId = short(payload.stream_id);
  if (typeof payload.fragment_id === 'string') {
    said['fragment.id'] = short(payload.fragment_id);
    const sequenceNumber = subject?.sequenceNumberOf(payload.fragment_id);
    if (sequenceNumber !== undefined) said.sequence_number = sequenceNumber;
  }
  if (isRecord(payload.metadata)) addFields(said, payload.metadata, ['sequence_number', 'pts_ns', 'source_pts_ns']);
  if (isRecord(payload.audio)) addFields(said, payload.audio, ['format', 'duration_ms']);
  addFields(said, payload, SHOWN);
  if (isRecord(payload.error) && 'code' in payload.error) said.error_code = short(String(payload.error.code));
  return said;
}

function addFields(said: Record<string, unknown>, fields: Record<string, unknown>, names: readonly string[]): void {
  for (const name of names) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof value === 'string') said[name] = short(value);
    else if (typeof value === 'number' || typeof value === 'boolean') said[name] = value;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
