// How many frame numbers a second the card was made with, when nobody says: the recording may run at another rate.

import { type FrameTrace, UNREADABLE } from './read-frames.ts';

const USUAL_RATES = [24_000 / 1001, 24, 25, 30_000 / 1001, 30, 48, 50, 60_000 / 1001, 60, 12, 15, 20, 10, 100, 120];
/** Numbers are compared with those this many frames later. */
const SPAN = 24;
/** Short recordings have few spans, and the first frame of a late reader may have no true time: spans overlap, so that most are without it. */
const STEP = 4;

/** Undefined without readable frames. The rate is taken for a usual one when it is within 0.04 % of it (30 and 29.97 differ by 0.1 %). */
export function cardRate(trace: FrameTrace): number | undefined {
  const slopes: number[] = [];
  for (let i = SPAN; i < trace.numbers.length; i += STEP) {
    const [a, b] = [trace.numbers.at(i - SPAN), trace.numbers.at(i)];
    const elapsedMs = trace.ptsMs.at(i) - trace.ptsMs.at(i - SPAN);
    if (a !== UNREADABLE && b > a && elapsedMs > 0) slopes.push(((b - a) * 1000) / elapsedMs);
  }
  const median = slopes.sort((a, b) => a - b)[slopes.length >> 1];
  if (median === undefined) return undefined;
  // A clock in ms makes each slope a little wrong; over the whole recording the error vanishes.
  const near = USUAL_RATES.filter((rate) => Math.abs(median / rate - 1) < 0.005);
  const overall = overallRate(trace, median);
  const best = near.sort((a, b) => Math.abs(overall / a - 1) - Math.abs(overall / b - 1))[0];
  return best ?? median;
}

/** The slope between the first and last readable frames, when nothing between them shows a jump. */
function overallRate(trace: FrameTrace, fallback: number): number {
  const numbers = trace.numbers.view();
  const first = numbers.findIndex((number) => number !== UNREADABLE);
  const last = numbers.findLastIndex((number) => number !== UNREADABLE);
  const elapsedMs = trace.ptsMs.at(last) - trace.ptsMs.at(first);
  const rate = (((numbers[last] ?? 0) - (numbers[first] ?? 0)) * 1000) / elapsedMs;
  return Math.abs(rate / fallback - 1) < 0.005 ? rate : fallback;
}
