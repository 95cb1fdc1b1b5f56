import { expect, test } from 'vitest';
import { distributionOf, theilSen } from './statistics.ts';

test('percentiles are values that occurred, by nearest rank', () => {
  const values = Array.from({ length: 200 }, (_, i) => 200 - i);
  expect(distributionOf(values)).toEqual({ n: 200, min: 1, p5: 10, median: 100, p95: 190, p99: 198, max: 200 });
  expect(distributionOf([7])).toEqual({ n: 1, min: 7, p5: 7, median: 7, p95: 7, p99: 7, max: 7 });
});

test('no values have no distribution', () => {
  expect(distributionOf([])).toBeUndefined();
});

test('one wild point in five does not move the slope', () => {
  const points = Array.from({ length: 50 }, (_, x) => ({ x, y: 3 * x + (x % 5 === 0 ? 1000 : 0) }));
  expect(theilSen(points)?.slope).toBeCloseTo(3, 1);
});

test('the interval holds the true slope and narrows with more points', () => {
  const noisy = (n: number) => Array.from({ length: n }, (_, x) => ({ x, y: 0.5 * x + ((x * 7919) % 13) / 13 }));
  const [few, many] = [theilSen(noisy(10)), theilSen(noisy(300))];
  for (const result of [few, many]) {
    expect(result?.low).toBeLessThanOrEqual(0.5);
    expect(result?.high).toBeGreaterThanOrEqual(0.5);
  }
  const width = (result: typeof few) => (result?.high ?? 0) - (result?.low ?? 0);
  expect(width(many)).toBeLessThan(width(few) / 5);
});

test('thousands of points are thinned, not refused', () => {
  const points = Array.from({ length: 20_000 }, (_, x) => ({ x, y: -2 * x }));
  expect(theilSen(points)).toEqual({ slope: -2, low: -2, high: -2 });
});

test('one point has no slope', () => {
  expect(theilSen([{ x: 1, y: 1 }])).toBeUndefined();
});
