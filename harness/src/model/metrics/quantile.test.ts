import { describe, expect, it } from 'vitest';
import type { Scrape } from '../ports.ts';
import { quantile } from './quantile.ts';

const selector = { name: 'h', labels: [] };

/** One scrape of `h_bucket` with cumulative counts by bound, for each given set of labels. */
function scrape(atMs: number, buckets: Record<string, number>, labels: Record<string, string> = {}): Scrape {
  return {
    atMs,
    points: Object.entries(buckets).map(([le, value]) => ({
      name: 'h_bucket',
      labels: { ...labels, le },
      type: 'histogram' as const,
      value,
    })),
  };
}

describe('quantile', () => {
  it('interpolates within the bucket, as histogram_quantile does', () => {
    const history = [scrape(0, { '10': 0, '20': 0, '+Inf': 0 }), scrape(1, { '10': 50, '20': 100, '+Inf': 100 })];
    expect(quantile(history, selector, 0.5)).toMatchObject({ value: 10, low: 0, high: 10, count: 100 });
    expect(quantile(history, selector, 0.75)).toMatchObject({ value: 15, low: 10, high: 20 });
    expect(quantile(history, selector, 1).value).toBe(20);
  });

  it('looks only at what was counted since the baseline', () => {
    const history = [
      scrape(0, { '10': 0, '20': 1_000, '+Inf': 1_000 }),
      scrape(1, { '10': 10, '20': 1_010, '+Inf': 1_010 }),
    ];
    expect(quantile(history, selector, 0.95)).toMatchObject({ value: 9.5, count: 10 });
  });

  it('is infinite beyond the last finite bound, so that `below` cannot hold by accident', () => {
    const history = [scrape(0, { '10': 0, '+Inf': 0 }), scrape(1, { '10': 1, '+Inf': 100 })];
    expect(quantile(history, selector, 0.95)).toMatchObject({ value: Number.POSITIVE_INFINITY, low: 10 });
    const beyond = [scrape(0, { '10': 0, '+Inf': 0 }), scrape(1, { '10': 0, '+Inf': 5 })];
    expect(quantile(beyond, selector, 0).value).toBe(Number.POSITIVE_INFINITY);
  });

  it('adds up series that differ in other labels', () => {
    const a = scrape(0, { '10': 0, '20': 0, '+Inf': 0 }, { w: 'a' });
    const b = scrape(1, { '10': 10, '20': 10, '+Inf': 10 }, { w: 'a' });
    b.points.push(...scrape(1, { '10': 0, '20': 10, '+Inf': 10 }, { w: 'b' }).points);
    expect(quantile([a, b], selector, 0.75)).toMatchObject({ value: 15, count: 20 });
    expect(quantile([a, b], { name: 'h', labels: [{ key: 'w', op: '=', value: 'a' }] }, 0.75).value).toBe(7.5);
  });

  it('has no value when nothing was counted, and says when there is no such histogram', () => {
    const still = scrape(0, { '10': 5, '+Inf': 5 });
    expect(quantile([still, still], selector, 0.95)).toMatchObject({ value: undefined, count: 0, missing: false });
    expect(quantile([still], { name: 'x', labels: [] }, 0.95)).toMatchObject({ value: undefined, missing: true });
  });

  it('takes the bound itself for a lowest bucket that is not above zero', () => {
    const history = [scrape(0, { '-5': 0, '5': 0, '+Inf': 0 }), scrape(1, { '-5': 10, '5': 10, '+Inf': 10 })];
    expect(quantile(history, selector, 0.5).value).toBe(-5);
  });
});
