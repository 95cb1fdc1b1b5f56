import { describe, expect, it } from 'vitest';
import { fitAudio, smoothJoin } from '../src/audio-fitting.ts';

const sine = (count: number, { from = 0, amplitude = 20_000, hz = 440 } = {}): Int16Array =>
  Int16Array.from({ length: count * 2 }, (_, index) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * hz * (from + (index >> 1))) / 48_000)),
  );

describe('fitting an answer to its segment', () => {
  const target = 288_000;

  it('leaves an answer of the right length bit for bit alone', () => {
    const samples = sine(target);
    expect(fitAudio(samples, target, 2)).toEqual({ ok: true, samples, change: 'none' });
  });

  it('cuts codec padding off without fading what comes before it', () => {
    const result = fitAudio(sine(target + 768), target, 2);
    expect(result).toEqual({ ok: true, samples: sine(target), change: 'none' });
  });

  it.each([
    [1.1, 'trimmed'],
    [1.02, 'trimmed'],
    [0.99, 'padded'],
    [0.9, 'padded'],
  ])('makes %f of the length exactly the length (%s)', (ratio, change) => {
    const result = fitAudio(sine(Math.round(target * ratio)), target, 2);
    expect(result).toMatchObject({ ok: true, change });
    if (result.ok) expect(result.samples.length).toBe(target * 2);
  });

  it.each([1.1001, 0.8999, 2, 0.5, 0])('refuses %f of the length and says by how much', (ratio) => {
    const result = fitAudio(sine(Math.round(target * ratio)), target, 2);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.deviationPercent).toBeCloseTo((ratio - 1) * 100, 2);
  });

  it('ends speech without a click where it is cut off or stops early', () => {
    for (const ratio of [1.05, 0.95]) {
      const result = fitAudio(sine(Math.round(target * ratio), { hz: 997 }), target, 2);
      if (!result.ok) throw new Error('refused');
      const end = Math.min(target, Math.round(target * ratio));
      expect(Math.abs(result.samples[(end - 1) * 2] ?? 1)).toBe(0);
      expect(result.samples.subarray(end * 2).every((value) => value === 0)).toBe(true);
    }
  });
});

describe('joining segments', () => {
  it('leaves continuous sound alone', () => {
    const next = sine(1000, { from: 1000 });
    expect(smoothJoin(sine(1000), next, 2)).toBe(false);
    expect(next).toEqual(sine(1000, { from: 1000 }));
  });

  it('takes the step out of a join that jumps, within 2 ms, leaving no gap', () => {
    const previous = new Int16Array(2000).fill(15_000);
    const next = new Int16Array(2000).fill(-15_000);
    expect(smoothJoin(previous, next, 2)).toBe(true);
    expect(next[0]).toBe(15_000);
    for (let index = 2; index < 2000; index += 2) {
      expect(Math.abs((next[index] ?? 0) - (next[index - 2] ?? 0))).toBeLessThan(400);
    }
    expect(next.subarray(192).every((value) => value === -15_000)).toBe(true);
  });
});
