// Finds where picture or sound stood still or was missing, by what is seen and heard and by their timestamps.

import type { GapsMeasure } from '../../model/measurements.ts';
import { SHORTEST_GAP_MS } from './pilot-watch.ts';
import type { SoundTrace } from './read-content.ts';
import { type FrameTrace, UNREADABLE } from './read-frames.ts';
import { labelTimeMs, samplesToMs, soundSpanMs } from './sound-clock.ts';
import { round3 } from './statistics.ts';

type Gap = GapsMeasure['freezes'][number];

/** webrtc-stats averages over the last 30 rendered frames. */
const AVERAGED_FRAMES = 30;
/** Encoders begin and end with padding that decodes to silence: two AAC frames at either end, and some. */
const PADDING_MS = 100;
/** A stream that ends this much before the other leaves a gap at the end. Recordings are cut less evenly than that by half. */
const EARLY_END_MS = 200;
const MAX_GAPS = 1000;

export function analyseGaps(
  frames: FrameTrace | undefined,
  sound: SoundTrace | undefined,
  frameRate?: number,
): GapsMeasure {
  const lastFrameMs = frames?.ptsMs.at(frames.ptsMs.length - 1);
  const heard = sound && soundSpanMs(sound);
  return {
    freezes: frames ? findFreezes(frames, heard?.endMs) : [],
    video: frames ? findVideoGaps(frames, frameRate) : [],
    audio: sound ? findAudioGaps(sound, lastFrameMs, pictureEndMs(frames)) : [],
    pilotFound: sound?.pilotFound ?? false,
  };
}

/**
 * Freezes by the rule of webrtc-stats (freezeCount): the picture stays longer than max(3 × mean, mean + 150 ms), the mean
 * being over the 30 intervals before. A frame that shows the number of the one before is no new picture.
 */
function findFreezes(frames: FrameTrace, soundEndMs: number | undefined): Gap[] {
  const freezes: Gap[] = [];
  const recent: number[] = [];
  let shown = Number.NaN;
  let shownAtMs = Number.NaN;
  const judge = (atMs: number) => {
    const interval = atMs - shownAtMs;
    const mean = recent.reduce((sum, each) => sum + each, 0) / recent.length;
    if (recent.length > 0 && interval > Math.max(3 * mean, mean + 150) && freezes.length < MAX_GAPS) {
      freezes.push({ atMs: round3(shownAtMs), durationMs: round3(interval) });
      return; // a freeze does not raise the bar for the next one
    }
    if (interval > 0) recent.push(interval);
    if (recent.length > AVERAGED_FRAMES) recent.shift();
  };
  for (let i = 0; i < frames.numbers.length; i += 1) {
    const number = frames.numbers.at(i);
    if (number !== UNREADABLE && number === shown) continue;
    shown = number === UNREADABLE ? Number.NaN : number;
    const atMs = frames.ptsMs.at(i);
    if (!Number.isNaN(shownAtMs)) judge(atMs);
    shownAtMs = atMs;
  }
  const endMs = frames.ptsMs.at(frames.ptsMs.length - 1);
  const until = soundEndMs !== undefined && soundEndMs - endMs > EARLY_END_MS ? soundEndMs : endMs;
  judge(until);
  return freezes;
}

/** Intervals between consecutive frames longer than one and a half frame durations. */
function findVideoGaps(frames: FrameTrace, frameRate: number | undefined): Gap[] {
  const pts = frames.ptsMs.view();
  const steps = pts.slice(1).map((at, i) => at - (pts[i] as number));
  const usual = frameRate === undefined ? (steps.slice().sort()[steps.length >> 1] ?? 0) : 1000 / frameRate;
  const gaps: Gap[] = [];
  for (let i = 0; i < steps.length && gaps.length < MAX_GAPS; i += 1) {
    const durationMs = steps[i] as number;
    if (durationMs > 1.5 * usual && usual > 0)
      gaps.push({ atMs: round3(pts[i] as number), durationMs: round3(durationMs) });
  }
  return gaps;
}

/** When the last frame is over, if it is shown for as long as the one before it. */
function pictureEndMs(frames: FrameTrace | undefined): number | undefined {
  const count = frames?.ptsMs.length ?? 0;
  if (!frames || count < 2) return undefined;
  const lastMs = frames.ptsMs.at(count - 1);
  return 2 * lastMs - frames.ptsMs.at(count - 2);
}

/** Stretches without pilot (or of digital silence), and jumps of the labels over time for which there is no sound at all. */
function findAudioGaps(
  sound: SoundTrace,
  lastFrameMs: number | undefined,
  pictureOverMs = Number.POSITIVE_INFINITY,
): Gap[] {
  const gaps: Gap[] = [];
  for (const { from, to } of sound.gaps) {
    const atMs = labelTimeMs(sound, from);
    const atEnd = to >= sound.samples - samplesPerPadding;
    // Once the last picture is over there is nothing to hear: what follows fills the last packet.
    const missingMs = atEnd ? Math.min(samplesToMs(to - from), pictureOverMs - atMs) : samplesToMs(to - from);
    if ((atEnd || from <= samplesPerPadding) && missingMs < PADDING_MS) continue;
    gaps.push({ atMs: round3(atMs), durationMs: round3(missingMs) });
  }
  const { blockPtsMs, blockStart } = sound;
  for (let i = 1; i < blockPtsMs.length; i += 1) {
    const endMs = blockPtsMs.at(i - 1) + samplesToMs(blockStart.at(i) - blockStart.at(i - 1));
    const durationMs = blockPtsMs.at(i) - endMs;
    if (durationMs >= SHORTEST_GAP_MS) gaps.push({ atMs: round3(endMs), durationMs: round3(durationMs) });
  }
  const { endMs } = soundSpanMs(sound);
  if (lastFrameMs !== undefined && lastFrameMs - endMs > EARLY_END_MS) {
    gaps.push({ atMs: round3(endMs), durationMs: round3(lastFrameMs - endMs) });
  }
  return gaps.sort((a, b) => a.atMs - b.atMs).slice(0, MAX_GAPS);
}

const samplesPerPadding = 480; // 10 ms: where a gap that touches an end may begin or stop short of it
