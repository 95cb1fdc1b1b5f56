// Makes traces as decoding would leave them, for tests of what judges them.

import { flashFrame, flashSecond, identityBits } from '../../test-card.ts';
import { Float64List, Int32List, Uint8List } from '../number-list.ts';
import type { SoundTrace } from '../read-content.ts';
import type { FrameTrace } from '../read-frames.ts';
import type { PacketTrack } from '../scan-packets.ts';

export interface MadeFrame {
  number: number;
  ptsMs: number;
  identity?: number;
}

export const IDENTITY = 0xabcdef;

/** Frames `from` to `to` (excluded) at 30 a second, each at its own time. */
export function framesFromTo(from: number, to: number): MadeFrame[] {
  return Array.from({ length: to - from }, (_, i) => ({ number: from + i, ptsMs: ((from + i) * 1000) / 30 }));
}

export function makeFrames(frames: MadeFrame[]): FrameTrace {
  const trace: FrameTrace = {
    ptsMs: new Float64List(),
    numbers: new Int32List(),
    identities: new Uint8List(),
    lit: new Uint8List(),
    hashes: [],
  };
  for (const { number, ptsMs, identity = IDENTITY } of frames) {
    trace.ptsMs.push(ptsMs);
    trace.numbers.push(number);
    trace.identities.push(number < 0 ? 0 : identityBits(identity, number));
    const since = number - flashFrame(flashSecond(Math.max(0, number), 30), 30);
    trace.lit.push(number >= 0 && since >= 0 && since < 3 ? 1 : 0);
  }
  return trace;
}

/** Sound of `seconds` in blocks of 1024 samples from time 0, with a beep at each of `beepsMs`. */
export function makeSound(seconds: number, beepsMs: { atMs: number; pitch: number }[]): SoundTrace {
  const trace: SoundTrace = {
    beeps: beepsMs.map(({ atMs, pitch }) => ({ sample: atMs * 48, pitch, level: 0.5 })),
    gaps: [],
    pilotFound: true,
    blockPtsMs: new Float64List(),
    blockStart: new Float64List(),
    samples: seconds * 48_000,
  };
  for (let sample = 0; sample < trace.samples; sample += 1024) {
    trace.blockPtsMs.push(sample / 48);
    trace.blockStart.push(sample);
  }
  return trace;
}

export function makeTrack(
  kind: 'video' | 'audio',
  packets: { ptsMs: number; dtsMs?: number; discard?: boolean }[],
): PacketTrack {
  const track: PacketTrack = {
    kind,
    index: kind === 'video' ? 0 : 1,
    codec: kind === 'video' ? 'h264' : 'aac',
    tickMs: 1,
    ptsMs: new Float64List(),
    dtsMs: new Float64List(),
    durationMs: new Float64List(),
    discard: new Uint8List(),
    keyframe: new Uint8List(),
    wraps: 0,
    ...(kind === 'audio' ? { sampleRateHz: 48_000, channels: 2 } : { frameRate: 30, width: 1280, height: 720 }),
  };
  for (const { ptsMs, dtsMs = ptsMs, discard = false } of packets) {
    track.ptsMs.push(ptsMs);
    track.dtsMs.push(dtsMs);
    track.durationMs.push(kind === 'video' ? 1000 / 30 : 1024 / 48);
    track.discard.push(discard ? 1 : 0);
    track.keyframe.push(1);
  }
  return track;
}

/** Packets every `everyMs`, rounded to ms as FLV does. */
export function steadyPackets(count: number, everyMs: number, fromMs = 0): { ptsMs: number }[] {
  return Array.from({ length: count }, (_, i) => ({ ptsMs: Math.round(fromMs + i * everyMs) }));
}
