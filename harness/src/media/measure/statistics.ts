// The few statistics that measures report: a distribution by nearest rank, and a robust slope with its interval.

import type { Distribution } from '../../model/measurements.ts';

/** Percentiles by nearest rank: each is a value that occurred. Undefined without values: no data is no distribution. */
export function distributionOf(values: readonly number[]): Distribution | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const rank = (p: number) => sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] as number;
  return {
    n: sorted.length,
    min: rank(0),
    p5: rank(0.05),
    median: rank(0.5),
    p95: rank(0.95),
    p99: rank(0.99),
    max: rank(1),
  };
}

/** More points than this are thinned evenly: the number of slopes grows with the square. */
const MAX_POINTS = 1000;

/**
 * Theil–Sen: the median of the slopes between all pairs of points, with the 95 % interval of Sen (Journal of the American
 * Statistical Association 63, 1968): the slopes that lie 1.96 standard deviations of Kendall's S from the middle.
 * With too few points for an interval, it spans all slopes; undefined below two points.
 */
export function theilSen(
  points: readonly { x: number; y: number }[],
): { slope: number; low: number; high: number } | undefined {
  const stride = Math.ceil(points.length / MAX_POINTS);
  const used = stride > 1 ? points.filter((_, i) => i % stride === 0) : points;
  const n = used.length;
  const slopes = new Float64Array((n * (n - 1)) / 2);
  let count = 0;
  for (let i = 0; i < n; i += 1) {
    for (let j = i + 1; j < n; j += 1) {
      const [a, b] = [used[i], used[j]];
      if (!a || !b || a.x === b.x) continue;
      slopes[count] = (b.y - a.y) / (b.x - a.x);
      count += 1;
    }
  }
  if (count === 0) return undefined;
  const sorted = slopes.subarray(0, count).sort();
  const at = (index: number) => sorted[Math.max(0, Math.min(count - 1, Math.round(index)))] as number;
  const half = 1.96 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const middle = (at((count - 1) / 2 - 0.25) + at((count - 1) / 2 + 0.25)) / 2;
  return { slope: middle, low: at((count - half) / 2 - 1), high: at((count + half) / 2) };
}

/** To thousandths: finer than any clock that is measured here. */
export function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
