// Facts about a recording's streams and lengths, from its packets.

import type { DurationMeasure, StreamFacts } from '../../model/measurements.ts';
import type { PacketScan, PacketTrack } from './scan-packets.ts';
import { round3 } from './statistics.ts';

/** First and last presented instant of a stream, ms. */
export function presentedSpan(track: PacketTrack): { startMs: number; endMs: number } {
  let startMs = Number.POSITIVE_INFINITY;
  let endMs = Number.NEGATIVE_INFINITY;
  const pts = track.ptsMs.view();
  const typical = typicalDurationMs(track);
  for (let i = 0; i < pts.length; i += 1) {
    const at = pts[i] as number;
    if (Number.isNaN(at) || track.discard.at(i) === 1) continue;
    if (at < startMs) startMs = at;
    const duration = track.durationMs.at(i);
    const end = at + (duration > 0 ? duration : typical);
    if (end > endMs) endMs = end;
  }
  return Number.isFinite(startMs) ? { startMs, endMs: round3(endMs) } : { startMs: 0, endMs: 0 };
}

/** Median distance between packets in decoding order, ms: what a packet lasts when the container does not say. */
export function typicalDurationMs(track: PacketTrack): number {
  const dts = track.dtsMs.view();
  const steps = new Float64Array(Math.max(0, Math.min(dts.length - 1, 5000)));
  for (let i = 0; i < steps.length; i += 1) steps[i] = (dts[i + 1] as number) - (dts[i] as number);
  steps.sort();
  const median = steps[steps.length >> 1];
  return median !== undefined && median > 0 ? median : 0;
}

export function streamFacts(scan: PacketScan): StreamFacts[] {
  return [scan.video, scan.audio]
    .filter((track) => track !== undefined)
    .sort((a, b) => a.index - b.index)
    .map((track) => ({
      kind: track.kind,
      index: track.index,
      codec: track.codec,
      packets: track.ptsMs.length,
      ...presentedSpan(track),
      ...(track.kind === 'video'
        ? {
            width: track.width ?? 0,
            height: track.height ?? 0,
            ...(track.frameRate === undefined ? {} : { frameRate: track.frameRate }),
          }
        : { sampleRateHz: track.sampleRateHz ?? 0, channels: track.channels ?? 0 }),
    }));
}

export function measureDuration(streams: StreamFacts[]): DurationMeasure {
  const [video, audio] = (['video', 'audio'] as const).map((kind) => streams.find((each) => each.kind === kind));
  const length = (stream: StreamFacts | undefined) => stream && round3(stream.endMs - stream.startMs);
  const [videoMs, audioMs] = [length(video), length(audio)];
  return {
    totalMs: round3(Math.max(...streams.map((each) => each.endMs)) - Math.min(...streams.map((each) => each.startMs))),
    ...(videoMs === undefined ? {} : { videoMs }),
    ...(audioMs === undefined ? {} : { audioMs }),
    ...(video && audio && audio.startMs < video.startMs ? { soundFirstMs: round3(video.startMs - audio.startMs) } : {}),
  };
}
