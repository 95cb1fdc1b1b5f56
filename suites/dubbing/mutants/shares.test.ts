import { describe, expect, test } from 'vitest';
import { TRIALS } from './list/index.ts';
import { dueToday, lengthOf, shareOf, sharesWithin } from './shares.ts';

const trials = [70, 60, 50, 40, 30, 20, 10].map((seconds, index) => ({ name: `m${index}`, seconds }));
const indices = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('shares', () => {
  test('hold every trial once, whatever their number', () => {
    for (const count of [1, 2, 3, 8, 20]) {
      const all = indices(count).flatMap((index) => shareOf(TRIALS, index, count));
      expect(all.map(({ name }) => name).sort()).toEqual(TRIALS.map(({ name }) => name).sort());
    }
  });

  test('are about the same length, and the same every time', () => {
    const lengths = indices(3).map((index) => lengthOf(shareOf(trials, index, 3), 1));
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(20);
    expect(
      shareOf([...trials].reverse(), 1, 3)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(
      shareOf(trials, 1, 3)
        .map(({ name }) => name)
        .sort(),
    );
  });
});

describe('a budget', () => {
  test('makes as many shares as it takes, and no more', () => {
    expect(sharesWithin(trials, 280, 1)).toBe(1);
    expect(sharesWithin(trials, 140, 1)).toBe(2);
    expect(sharesWithin(trials, 140, 2)).toBe(1);
    for (const [index] of indices(sharesWithin(trials, 100, 1)).entries()) {
      expect(lengthOf(shareOf(trials, index, sharesWithin(trials, 100, 1)), 1)).toBeLessThanOrEqual(100);
    }
  });

  test('that is shorter than a trial gives that trial a share of its own', () => {
    expect(sharesWithin(trials, 5, 1)).toBe(trials.length);
  });

  test('comes round to every share in as many days', () => {
    const day = 86_400_000;
    const due = indices(8).map((index) => dueToday(8, Date.UTC(2026, 0, 1) + index * day));
    expect([...due].sort()).toEqual(indices(8));
  });
});
