import { describe, expect, it } from 'vitest';
import type { MetricsOfService } from '../../../src/report/html/page-data.ts';
import { headsNamed, type Series, thinned, valueAt } from './series.ts';

const series = (points: [number, number][]): Series => ({
  service: 's',
  name: 'm',
  times: Float64Array.from(points, ([at]) => at),
  values: Float64Array.from(points, ([, value]) => value),
});

const service = (...names: string[]): MetricsOfService => ({
  service: 's',
  samples: 1,
  series: names.map((name, index) => ({ name, points: 1, min: 0, max: 1, chunk: 'c', index })),
});

describe('thinned', () => {
  it('keeps every sample where there are few, and holds values until the next', () => {
    const columns = thinned(
      [
        series([
          [0, 1],
          [100, 2],
        ]),
        series([[50, 9]]),
      ],
      0,
      200,
      100,
    );
    expect(columns).toEqual([
      [0, 50, 100, 200],
      [1, 1, 2, 2],
      [null, 9, 9, 9],
    ]);
  });

  it('loses no peak where there are many', () => {
    const points = Array.from({ length: 14_400 }, (_, index): [number, number] => [
      index * 250,
      index === 7_777 ? 1_000 : index % 5,
    ]);
    const [xs = [], ys = []] = thinned([series(points)], 0, 3_600_000, 700);
    expect(xs).toHaveLength(1_400);
    expect(Math.max(...ys.map(Number))).toBe(1_000);
    const at = ys.indexOf(1_000);
    expect(Math.abs(Number(xs[at]) - 7_777 * 250)).toBeLessThan(3_600_000 / 700);
  });

  it('shows what held before the stretch began', () => {
    const points = Array.from({ length: 1_000 }, (_, index): [number, number] => [index, 7]);
    const [, ys = []] = thinned([series(points)], 5_000, 6_000, 10);
    expect(ys.every((value) => value === 7)).toBe(true);
  });
});

describe('valueAt', () => {
  it('is the last one sampled, and none before the first', () => {
    const own = series([
      [100, 1],
      [200, 2],
    ]);
    expect([99, 100, 199, 200, 1e9].map((atMs) => valueAt(own, atMs))).toEqual([undefined, 1, 1, 2, 2]);
  });
});

describe('headsNamed', () => {
  const found = (of: MetricsOfService, name: string) => headsNamed(of, name).map((head) => head.name);

  it('takes a name without labels for all its series, and labels for those that have them', () => {
    const of = service('a_total{x="1",y="2"}', 'a_total{x="2"}', 'a_total_seconds');
    expect(found(of, 'a_total')).toEqual(['a_total{x="1",y="2"}', 'a_total{x="2"}']);
    expect(found(of, 'a_total{y="2"}')).toEqual(['a_total{x="1",y="2"}']);
    expect(found(of, 'a_total{x=~"2|3"}')).toEqual(['a_total{x="2"}']);
    expect(found(of, 'a_total{x!="1"}')).toEqual(['a_total{x="2"}']);
  });

  it('shows sum and count of a histogram', () => {
    expect(found(service('h_bucket{le="1"}', 'h_count', 'h_sum'), 'h')).toEqual(['h_sum', 'h_count']);
  });
});
