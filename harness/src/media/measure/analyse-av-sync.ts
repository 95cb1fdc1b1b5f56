// The nearest-PTS table: at each segment boundary, the nearest video and audio timestamps and the distance between them.
// This is timestamp hygiene and cannot see lip sync: the distance is at most half a frame of each, whatever is heard.

import type { AvSyncMeasure } from '../../model/measurements.ts';
import type { PacketTrack } from './scan-packets.ts';
import { round3 } from './statistics.ts';

/** Undefined when the two streams have no instant in common. */
export function analyseAvSync(video: PacketTrack, audio: PacketTrack, segmentMs: number): AvSyncMeasure | undefined {
  const [pictures, sounds] = [presentedTimes(video), presentedTimes(audio)];
  // From where both are there: how far they start apart is the start skew, which `timestamps` reports.
  const origin = Math.max(pictures[0] ?? Number.NaN, sounds[0] ?? Number.NaN);
  const end = Math.min(pictures.at(-1) ?? Number.NaN, sounds.at(-1) ?? Number.NaN);
  const segments: AvSyncMeasure['segments'] = [];
  for (let index = 0, at = origin; at <= end; index += 1, at = origin + index * segmentMs) {
    const [videoPtsMs, audioPtsMs] = [nearest(pictures, at), nearest(sounds, at)];
    segments.push({ index, videoPtsMs, audioPtsMs, deltaMs: round3(audioPtsMs - videoPtsMs) });
  }
  if (segments.length === 0) return undefined;
  const maxAbsDeltaMs = segments.reduce((max, { deltaMs }) => Math.max(max, Math.abs(deltaMs)), 0);
  return { segmentMs, segments, maxAbsDeltaMs };
}

function presentedTimes(track: PacketTrack): Float64Array {
  return track.ptsMs
    .view()
    .filter((pts, i) => !Number.isNaN(pts) && track.discard.at(i) === 0)
    .sort();
}

/** The value of a sorted, non-empty list that is nearest to `at`. */
function nearest(sorted: Float64Array, at: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < at) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [sorted[Math.max(0, low - 1)] as number, sorted[low] as number];
  return at - before <= after - at ? before : after;
}
