import { describe, expect, it } from 'vitest';
import { type Segment, Segmenter } from '../src/segmenter.ts';

function cut(seconds: number, options: { sampleRateHz?: number; chunk?: number } = {}): Segment[] {
  const { sampleRateHz = 48_000, chunk = 1024 } = options;
  const segments: Segment[] = [];
  const segmenter = new Segmenter({
    sampleRateHz,
    channels: 2,
    segmentDurationMs: 6000,
    onSegment: (segment) => segments.push(segment),
  });
  let left = Math.round(seconds * sampleRateHz);
  let value = 0;
  while (left > 0) {
    const count = Math.min(chunk, left);
    const samples = new Int16Array(count * 2);
    for (let index = 0; index < count; index += 1) {
      samples[2 * index] = value % 30_011;
      value += 1;
    }
    segmenter.push(samples);
    left -= count;
  }
  segmenter.end();
  return segments;
}

describe('segmenter', () => {
  it.each([
    [60, 10],
    [30, 5],
    [60.02, 10], // AAC priming
    [60.064, 10],
    [59.93, 10],
    [60.499, 10],
    [60.5, 11],
    [62, 11],
    [6, 1],
    [0.3, 1],
  ])('makes of %f s exactly %i fragments', (seconds, fragments) => {
    expect(cut(seconds).filter(({ dubbable }) => dubbable)).toHaveLength(fragments);
  });

  it('cuts on the exact sample whatever the size of the chunks', () => {
    for (const chunk of [1, 960, 1024, 48_000, 700_000]) {
      expect(cut(13, { chunk }).map(({ samples }) => samples.length / 2)).toEqual([288_000, 288_000, 48_000]);
    }
  });

  it('neither loses, doubles nor moves a sample', () => {
    let expected = 0;
    for (const segment of cut(20.02, { chunk: 1021 })) {
      expect(segment.startSample).toBe(expected);
      for (let index = 0; index < segment.samples.length; index += 2) {
        if (segment.samples[index] !== expected % 30_011) throw new Error(`sample ${expected} is not where it belongs`);
        expected += 1;
      }
    }
    expect(expected).toBe(960_960);
  });

  it('does not let rounding add up at rates that do not divide', () => {
    const segments = cut(3606, { sampleRateHz: 11_025, chunk: 5000 });
    expect(segments).toHaveLength(601);
    for (const { index, startSample, startMs } of segments) {
      expect(startMs).toBe(index * 6000);
      expect(startSample).toBe(index * 66_150);
    }
  });

  it('passes a remainder too short for a fragment on with its own sound', () => {
    const last = cut(60.02).at(-1);
    expect(last).toMatchObject({ index: 10, dubbable: false, durationMs: 20 });
    expect(last?.samples.length).toBe(960 * 2);
  });
});
