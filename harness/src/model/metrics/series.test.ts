import { describe, expect, it } from 'vitest';
import type { MetricPoint, Scrape } from '../ports.ts';
import { parseSelector, type Selector } from './selector.ts';
import { increase, rate, valueAt, valuesOver } from './series.ts';

const select = (text: string) => parseSelector(text) as Selector;

/** Scrapes 250 ms apart; each maps `name` or `name:label` to a value. */
function scrapes(type: MetricPoint['type'], ...values: Record<string, number>[]): Scrape[] {
  return values.map((points, index) => ({
    atMs: 1_000 + index * 250,
    points: Object.entries(points).map(([series, value]) => {
      const [name = '', s] = series.split(':');
      return { name, labels: s === undefined ? {} : { s }, type, value };
    }),
  }));
}

describe('valueAt', () => {
  it('adds up the matching series and tells none from zero', () => {
    const [scrape] = scrapes('gauge', { 'm:a': 2, 'm:b': 3, n: 0 });
    if (!scrape) throw new Error('no scrape');
    expect(valueAt(scrape, select('m'))).toBe(5);
    expect(valueAt(scrape, select('m{s="b"}'))).toBe(3);
    expect(valueAt(scrape, select('n'))).toBe(0);
    expect(valueAt(scrape, select('absent'))).toBeUndefined();
    expect(valuesOver([scrape], select('absent'))).toEqual([{ atMs: 1_000, value: undefined }]);
  });
});

describe('increase', () => {
  it('counts from the baseline', () => {
    const history = scrapes('counter', { m: 7 }, { m: 7 }, { m: 12 });
    expect(increase(history, select('m'))).toEqual({
      increase: 5,
      resets: [],
      from: 7,
      to: 12,
      overMs: 500,
      missing: false,
    });
  });

  it('counts a series that appears after the baseline from zero', () => {
    const history = scrapes('counter', { 'm:a': 1 }, { 'm:a': 1, 'm:b': 3 });
    expect(increase(history, select('m')).increase).toBe(3);
  });

  it('takes what the first scrape of all shows as the baseline, not as increase', () => {
    expect(increase(scrapes('counter', { m: 40 }), select('m'))).toMatchObject({ increase: 0, missing: false });
  });

  it('goes on counting over a restart, and says so', () => {
    const history = scrapes('counter', { m: 10 }, { m: 14 }, { m: 2 }, { m: 5 });
    expect(increase(history, select('m'))).toMatchObject({
      increase: 9,
      resets: [{ atMs: 1_500, series: 'm', from: 14, to: 2 }],
    });
  });

  it('sees the reset of one series under a rising sum', () => {
    const history = scrapes('counter', { 'm:a': 10, 'm:b': 0 }, { 'm:a': 1, 'm:b': 20 });
    expect(increase(history, select('m'))).toMatchObject({ increase: 21, resets: [{ series: 'm{s="a"}' }] });
  });

  it('stops at the first reset when asked to', () => {
    const history = scrapes('counter', { m: 10 }, { m: 12 }, { m: 1 }, { m: 50 });
    const result = increase(history, select('m'), 'fail');
    expect(result.increase).toBe(2);
    expect(result.resets).toHaveLength(1);
  });

  it('knows a restarted process although its counter is already higher than before', () => {
    const history = scrapes(
      'counter',
      { m: 3, process_start_time_seconds: 100 },
      { m: 8, process_start_time_seconds: 200 },
    );
    expect(increase(history, select('m'))).toMatchObject({ increase: 8, resets: [{ from: 3, to: 8 }] });
  });

  it('takes a series that was away for a scrape for a new start', () => {
    const history = scrapes('counter', { m: 3, n: 1 }, { n: 1 }, { m: 4, n: 1 });
    expect(increase(history, select('m'))).toMatchObject({ increase: 4, resets: [{ from: 3, to: 4 }] });
  });

  it('lets gauges fall', () => {
    const history = scrapes('gauge', { m: 10 }, { m: 2 }, { m: 4 });
    expect(increase(history, select('m'))).toMatchObject({ increase: -6, resets: [] });
  });

  it('does not take a missing series for zero', () => {
    expect(increase(scrapes('counter', { m: 1 }), select('absent'))).toMatchObject({ missing: true });
    expect(increase([], select('m'))).toMatchObject({ missing: true });
  });
});

describe('rate', () => {
  it('is the increase per second of the time that was seen', () => {
    expect(rate(scrapes('counter', { m: 0 }, { m: 5 }, { m: 10 }), select('m')).perSecond).toBe(20);
  });

  it('is not known from a single scrape', () => {
    expect(rate(scrapes('counter', { m: 5 }), select('m')).perSecond).toBeUndefined();
  });
});
