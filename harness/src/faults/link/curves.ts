// The curves of received and sent bytes of a link over a short time, and the lag between them.

import type { Clock } from '../../base/clock.ts';
import type { BrokenLink } from './broken-link.ts';
import type { Stream } from './counters.ts';
import { type LinkCounters, readCounters } from './counters.ts';

export interface CurvePoint {
  /** The counters were read between these two instants, ms of the monotonic clock. */
  fromMs: number;
  toMs: number;
  counters: LinkCounters;
}

const SAMPLE_EVERY_MS = 4;

/** Samples until `isEnough`, at most `forMs`; at least two points. */
export async function watchCurves(
  link: BrokenLink,
  {
    forMs,
    clock,
    signal,
    isEnough,
  }: { forMs: number; clock: Clock; signal: AbortSignal; isEnough(points: CurvePoint[]): boolean },
): Promise<CurvePoint[]> {
  const points: CurvePoint[] = [];
  const startedAtMs = clock.monotonicMs();
  for (;;) {
    const fromMs = clock.monotonicMs();
    const counters = await readCounters(link, signal);
    points.push({ fromMs, toMs: clock.monotonicMs(), counters });
    if (points.length > 1 && (isEnough(points) || clock.monotonicMs() - startedAtMs >= forMs)) return points;
    await clock.delay(SAMPLE_EVERY_MS, signal);
  }
}

export const hasArrivals = (points: readonly CurvePoint[], stream: Stream): boolean =>
  (points.at(-1)?.counters[stream].receivedBytes ?? 0) > (points[0]?.counters[stream].receivedBytes ?? 0);

/** Between these two, the time that bytes took from being received to being sent on. `maxMs` is undefined when they are not sent yet. */
export interface Lag {
  /** How many came in since the sample before. */
  bytes: number;
  minMs: number;
  maxMs: number | undefined;
}

/**
 * One lag for each sample that saw new bytes come in: from there to the sample that saw as much sent. `behind`: bytes that were received
 * earlier and will never be sent.
 */
export function lagsOf(points: readonly CurvePoint[], stream: Stream, behind: number): Lag[] {
  const lags: Lag[] = [];
  for (const [index, point] of points.entries()) {
    const before = points[index - 1];
    if (!before) continue;
    const { receivedBytes } = point.counters[stream];
    const bytes = receivedBytes - before.counters[stream].receivedBytes;
    if (bytes <= 0) continue;
    const sentIndex = points.findIndex(
      ({ counters }, at) => at >= index && counters[stream].sentBytes >= receivedBytes - behind,
    );
    const sent = points[sentIndex];
    const unsent = points[sentIndex - 1];
    if (!sent || !unsent)
      lags.push({ bytes, minMs: Math.max(0, (points.at(-1)?.fromMs ?? 0) - point.toMs), maxMs: undefined });
    else lags.push({ bytes, minMs: Math.max(0, unsent.fromMs - point.toMs), maxMs: sent.toMs - before.fromMs });
  }
  return lags;
}
