// Converts places in the decoded sound, counted in samples, to the time that the stream's own labels give them.

import type { SoundTrace } from './read-content.ts';
import { BANK_RATE_HZ } from './tone-bank.ts';

const SAMPLES_PER_MS = BANK_RATE_HZ / 1000;

export function samplesToMs(samples: number): number {
  return samples / SAMPLES_PER_MS;
}

/** Presentation time of sample `sample`: the PTS of the decoded block that holds it, and its place in there. */
export function labelTimeMs(sound: SoundTrace, sample: number): number {
  const { blockPtsMs, blockStart } = sound;
  let [low, high] = [0, Math.max(0, blockStart.length - 1)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (blockStart.at(middle) <= sample) low = middle;
    else high = middle - 1;
  }
  return blockPtsMs.at(low) + samplesToMs(sample - blockStart.at(low));
}

/** First and last instant of the decoded sound, by its labels. */
export function soundSpanMs(sound: SoundTrace): { startMs: number; endMs: number } {
  return { startMs: labelTimeMs(sound, 0), endMs: labelTimeMs(sound, sound.samples) };
}
