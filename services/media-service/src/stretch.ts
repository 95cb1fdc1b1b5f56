// Makes a few milliseconds of sound a few samples longer or shorter, without a step at either end.

/**
 * `samples` (interleaved) resampled to `targetCount` samples per channel. The first and last sample stay what they are, so
 * consecutive frames still meet one sample apart. Catmull–Rom: smooth through every original sample.
 */
export function stretch(samples: Int16Array, targetCount: number, channels: number): Int16Array {
  const count = samples.length / channels;
  if (targetCount === count || count < 2 || targetCount < 2) return samples;
  const out = new Int16Array(targetCount * channels);
  const step = (count - 1) / (targetCount - 1);
  for (let target = 0; target < targetCount; target += 1) {
    const at = target * step;
    const index = Math.min(Math.floor(at), count - 2);
    const t = at - index;
    for (let channel = 0; channel < channels; channel += 1) {
      const sample = (offset: number): number =>
        samples[Math.max(0, Math.min(count - 1, index + offset)) * channels + channel] ?? 0;
      const [a, b, c, d] = [sample(-1), sample(0), sample(1), sample(2)];
      const value = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
      out[target * channels + channel] = Math.max(-32_768, Math.min(32_767, Math.round(value)));
    }
  }
  return out;
}
