import { describe, expect, test } from 'vitest';
import { silenceToOutlast } from '../src/output.ts';

describe('silence at the end', () => {
  test.each([
    ['there is sound to the end of the last picture, and packets are short', 11_933, 576_000, 48_000, 0],
    ['packets are longer than a picture', 11_933, 96_000, 8_000, 11_933 * 8 + 1_024 - 96_000],
    ['the sound ends early', 11_933, 500_000, 48_000, 572_784 + 1_024 - 500_000],
    ['there was no picture', 0, 96_000, 8_000, 0],
  ])('%s', (_, lastPictureMs, samples, sampleRateHz, silence) => {
    expect(silenceToOutlast(lastPictureMs, samples, sampleRateHz)).toBe(silence);
  });
});
