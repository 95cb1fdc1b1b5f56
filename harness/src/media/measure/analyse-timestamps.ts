// Judges packet timestamps by themselves: order, gaps, overlaps, wraps, and the sound's labels against its count of samples.

import type { TimestampsMeasure } from '../../model/measurements.ts';
import { presentedSpan, typicalDurationMs } from './describe-streams.ts';
import type { PacketScan, PacketTrack } from './scan-packets.ts';
import { round3 } from './statistics.ts';

/** Labels and sample count may differ by this much before it is an issue: rounding to ms at both ends, and some. */
export const CLOCK_TOLERANCE_MS = 2;
const MAX_ISSUES = 100;

/** Samples that a packet of these codecs decodes to; AAC has 1024, with SBR 2048, in its low-delay kinds 512 or 480. */
const SAMPLES_PER_PACKET: Record<string, number[]> = {
  aac: [1024, 2048, 960, 512, 480],
  mp3: [1152, 576],
  mp2: [1152],
  ac3: [1536],
  eac3: [1536],
};

type StreamTimestamps = TimestampsMeasure['perStream'][number];
type Issue = TimestampsMeasure['issues'][number];

export function analyseTimestamps(scan: PacketScan): TimestampsMeasure {
  const issues: Issue[] = [];
  const tracks = [scan.video, scan.audio].filter((track) => track !== undefined);
  const perStream = tracks.map((track) => judgeTrack(track, issues));
  const disagreement = scan.audio && clockDisagreement(scan.audio, issues);
  return {
    perStream,
    monotonic: perStream.every((each) => each.nonMonotonicDts === 0),
    largestJumpMs: Math.max(0, ...perStream.map((each) => each.largestJumpMs)),
    ...(scan.video && scan.audio
      ? { startSkewMs: round3(presentedSpan(scan.audio).startMs - presentedSpan(scan.video).startMs) }
      : {}),
    ...(disagreement === undefined ? {} : { clockDisagreementMs: round3(disagreement) }),
    issues: issues.sort((a, b) => a.atMs - b.atMs),
  };
}

function judgeTrack(track: PacketTrack, issues: Issue[]): StreamTimestamps {
  const { kind, index, wraps, tickMs } = track;
  const expected = expectedStepMs(track);
  const result: StreamTimestamps = {
    ...{ kind, index, nonMonotonicDts: 0, ptsBeforeDts: 0, largestJumpMs: 0, overlaps: 0, wraps },
  };
  // Sound must not overlap at all but for rounding; pictures have no length of their own.
  const shortest = kind === 'audio' ? expected - Math.max(2, 1.5 * tickMs) : expected / 2;
  const issue = (name: string, atMs: number, detail: string) => {
    if (issues.length < MAX_ISSUES) issues.push({ kind: name, stream: index, atMs, detail });
  };
  let last = Number.NaN;
  for (let i = 0; i < track.dtsMs.length; i += 1) {
    const pts = track.ptsMs.at(i);
    const dts = Number.isNaN(track.dtsMs.at(i)) ? pts : track.dtsMs.at(i);
    if (pts < dts - tickMs / 2) {
      result.ptsBeforeDts += 1;
      issue('pts-before-dts', pts, `presented ${round3(dts - pts)} ms before it is decoded`);
    }
    const step = dts - last;
    last = dts;
    if (Number.isNaN(step)) continue;
    result.largestJumpMs = Math.max(result.largestJumpMs, round3(Math.abs(step)));
    if (step <= 0) {
      result.nonMonotonicDts += 1;
      issue('dts-not-increasing', dts, step === 0 ? 'the same DTS twice' : `DTS goes back by ${round3(-step)} ms`);
    } else if (step < shortest) {
      result.overlaps += 1;
      issue('overlap', dts, `${round3(step)} ms after the packet before, which lasts ${round3(expected)} ms`);
    } else if (step > 1.5 * expected && expected > 0) {
      issue('gap', dts, `${round3(step)} ms after the packet before, which lasts ${round3(expected)} ms`);
    }
  }
  if (wraps > 0) issue('wrap', track.dtsMs.at(0), `timestamps wrapped ${wraps} times, which is legal`);
  return result;
}

function expectedStepMs(track: PacketTrack): number {
  const samples = samplesPerPacket(track);
  return samples === undefined || !track.sampleRateHz
    ? typicalDurationMs(track)
    : (samples * 1000) / track.sampleRateHz;
}

/** Samples a packet, when the codec fixes it: the value nearest to the usual distance of packets. */
function samplesPerPacket(track: PacketTrack): number | undefined {
  const choices = track.kind === 'audio' ? SAMPLES_PER_PACKET[track.codec] : undefined;
  if (!choices || !track.sampleRateHz) return undefined;
  const seen = (typicalDurationMs(track) * track.sampleRateHz) / 1000;
  return choices.reduce((best, each) => (Math.abs(each - seen) < Math.abs(best - seen) ? each : best));
}

/**
 * The label clock (PTS) against the sample clock (packets times samples): both start at the first packet, and whatever is
 * lost, doubled, looped or paced wrongly pulls them apart. Undefined for codecs whose packets vary in length.
 */
function clockDisagreement(track: PacketTrack, issues: Issue[]): number | undefined {
  const samples = samplesPerPacket(track);
  if (samples === undefined || !track.sampleRateHz) return undefined;
  const packetMs = (samples * 1000) / track.sampleRateHz;
  const first = track.ptsMs.at(0);
  let largest = 0;
  let reported = 0;
  for (let i = 1; i < track.ptsMs.length; i += 1) {
    const pts = track.ptsMs.at(i);
    if (Number.isNaN(pts)) continue;
    const difference = pts - (first + i * packetMs);
    largest = Math.max(largest, Math.abs(difference));
    // One issue each time the two part by another tolerance, not one a packet from there on.
    if (Math.abs(difference - reported) <= CLOCK_TOLERANCE_MS) continue;
    reported = difference;
    if (issues.length < MAX_ISSUES) {
      const detail = `labels are ${round3(Math.abs(difference))} ms ${difference > 0 ? 'ahead of' : 'behind'} the count of samples`;
      issues.push({ kind: 'clocks-disagree', stream: track.index, atMs: pts, detail });
    }
  }
  return largest;
}
