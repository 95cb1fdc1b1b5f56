// Whether the clock of a stream has begun again since a fault was asked for.

import type { FaultPorts } from '../../model/faults.ts';
import { type MediaRecord, newestMs, READABLE_WITHIN_MS, seconds } from './media-target.ts';

/** A stream younger than this cannot be told from one that has just begun again. */
export const LEAST_AGE_MS = 1_500;
const LOOK_MS = 400;
/** A publisher's timestamps may start a little above 0. */
const GRACE_MS = 500;

/** The newest timestamps cannot be older than the fault is, when they began at 0 with it. */
export async function startedOver(
  { url, preparedAtMs, publishedForMs }: MediaRecord,
  { streams, clock }: FaultPorts,
  signal: AbortSignal,
): Promise<{ holds: boolean; read: boolean; seen: string }> {
  const look = await streams.look(url, { forMs: LOOK_MS, withinMs: READABLE_WITHIN_MS }, signal);
  const sinceMs = clock.nowMs() - preparedAtMs;
  const newest = ['video', 'audio'] as const;
  const times = newest.map((kind) => newestMs(look, kind)).filter((time) => time !== undefined);
  if (times.length === 0) return { holds: false, read: false, seen: look.problem ?? 'no packet with a timestamp' };
  const newestAtMs = Math.max(...times);
  const seen = `timestamps at ${seconds(newestAtMs)}, ${seconds(sinceMs)} after it was asked for, of a stream then ${seconds(publishedForMs)} old`;
  return { holds: newestAtMs <= sinceMs + GRACE_MS, read: true, seen };
}
