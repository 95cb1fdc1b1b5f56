// Makes an answer exactly as long as the segment it replaces, or says that it cannot be used; and joins segments without a click.

export type Fitting =
  | { ok: true; samples: Int16Array; change: 'none' | 'trimmed' | 'padded' }
  | { ok: false; deviationPercent: number };

/** A dubbed segment may differ this much from the original before it is refused. */
const TOLERANCE = 0.1;
/** Codecs work in whole frames: up to one AAC frame of excess at the end is padding, not speech. */
const CODEC_PADDING_SAMPLES = 1024;
/** Where speech is really cut off, or ends before the segment does. */
const FADE_SAMPLES = 240;

/** `samples` and the result are interleaved; `targetCount` is in samples per channel. */
export function fitAudio(samples: Int16Array, targetCount: number, channels: number): Fitting {
  const count = Math.floor(samples.length / channels);
  const excess = count - targetCount;
  if (excess >= 0 && excess <= CODEC_PADDING_SAMPLES) {
    return { ok: true, samples: samples.slice(0, targetCount * channels), change: 'none' };
  }
  const deviation = excess / targetCount;
  if (Math.abs(deviation) > TOLERANCE) return { ok: false, deviationPercent: deviation * 100 };
  const fitted = new Int16Array(targetCount * channels);
  const kept = Math.min(count, targetCount);
  fitted.set(samples.subarray(0, kept * channels));
  fadeOut(fitted, kept, channels);
  return { ok: true, samples: fitted, change: excess > 0 ? 'trimmed' : 'padded' };
}

function fadeOut(samples: Int16Array, endCount: number, channels: number): void {
  const length = Math.min(FADE_SAMPLES, endCount);
  for (let step = 0; step < length; step += 1) {
    const gain = 1 - (step + 1) / length;
    for (let channel = 0; channel < channels; channel += 1) {
      const at = (endCount - length + step) * channels + channel;
      samples[at] = Math.round((samples[at] ?? 0) * gain);
    }
  }
}

/** A step at a join that the signal's own slope does not explain, in sample values (10 % of full scale). */
const CLICK_THRESHOLD = 3277;
const CLICK_SMOOTHING_SAMPLES = 96;

/**
 * Where `next` does not continue `previous`, bends its first 2 ms so that it does (in place). Continuous sound is left bit for
 * bit alone, and nothing is faded, so that a join never makes a gap.
 */
export function smoothJoin(previous: Int16Array, next: Int16Array, channels: number): boolean {
  if (previous.length < 2 * channels || next.length < CLICK_SMOOTHING_SAMPLES * channels) return false;
  let bent = false;
  for (let channel = 0; channel < channels; channel += 1) {
    const last = previous[previous.length - channels + channel] ?? 0;
    const beforeLast = previous[previous.length - 2 * channels + channel] ?? 0;
    const step = 2 * last - beforeLast - (next[channel] ?? 0);
    if (Math.abs(step) <= CLICK_THRESHOLD) continue;
    bent = true;
    for (let index = 0; index < CLICK_SMOOTHING_SAMPLES; index += 1) {
      const at = index * channels + channel;
      const value = (next[at] ?? 0) + step * (1 - index / CLICK_SMOOTHING_SAMPLES);
      next[at] = Math.max(-32_768, Math.min(32_767, Math.round(value)));
    }
  }
  return bent;
}
