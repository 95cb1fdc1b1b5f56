import { describe, expect, it } from 'vitest';
import type { MetricPoint, Scrape } from '../model/ports.ts';
import { ScrapeHistory } from './scrape-history.ts';

const scrape = (atMs: number, values: Record<string, number>): Scrape => ({
  atMs,
  points: Object.entries(values).map(
    ([name, value]): MetricPoint => ({ name, labels: { host: 'x' }, type: 'gauge', value }),
  ),
});
const times = (scrapes: Scrape[]) => scrapes.map(({ atMs }) => atMs);

describe('ScrapeHistory', () => {
  it('gives the baseline before a window and what lies inside', () => {
    const history = new ScrapeHistory();
    for (const atMs of [100, 200, 300, 400]) history.add(scrape(atMs, { a: atMs }));
    expect(times(history.within({ fromMs: 250 }))).toEqual([200, 300, 400]);
    expect(times(history.within({ fromMs: 200 }))).toEqual([200, 300, 400]);
    expect(times(history.within({ fromMs: 250, toMs: 300 }))).toEqual([200, 300]);
    expect(times(history.within({ fromMs: 50 }))).toEqual([100, 200, 300, 400]);
    expect(times(history.within({ fromMs: 500 }))).toEqual([400]);
    expect(times(history.within({ fromMs: 0, toMs: 50 }))).toEqual([]);
    expect(times(new ScrapeHistory().within({ fromMs: 0 }))).toEqual([]);
  });

  it('stores once what does not change, wherever it stands', () => {
    const history = new ScrapeHistory();
    const first = history.add(scrape(1, { a: 1, b: 2, n: Number.NaN })).scrape;
    const same = history.add(scrape(2, { a: 1, b: 2, n: Number.NaN }));
    expect(same.changed).toEqual([]);
    expect(same.scrape.points).toBe(first.points);
    const moved = history.add(scrape(3, { b: 2, a: 5, n: Number.NaN }));
    expect(moved.changed.map(({ name, value }) => [name, value])).toEqual([['a', 5]]);
    expect(moved.scrape.points[0]).toBe(first.points[1]);
    expect(moved.scrape.points[1]?.labels).toBe(first.points[0]?.labels);
  });

  it('tells in what a scrape differs from the one before, so that both give it again', () => {
    const history = new ScrapeHistory();
    const first = history.add(scrape(1, { a: 1, b: 2 }));
    expect(first.placed).toEqual([
      { series: 'a{host="x"}', index: 0, type: 'gauge' },
      { series: 'b{host="x"}', index: 1, type: 'gauge' },
    ]);
    const second = history.add(scrape(2, { a: 1, new: 7, b: 3 }));
    expect(second.placed).toEqual([{ series: 'new{host="x"}', index: 1, type: 'gauge' }]);
    expect(second.gone).toEqual([]);
    const third = history.add({
      atMs: 3,
      points: [{ name: 'b', labels: { host: 'x' }, type: 'counter', value: 3 }],
    });
    expect(third.placed).toEqual([{ series: 'b{host="x"}', index: 0, type: 'counter' }]);
    expect(third.gone).toEqual(['a{host="x"}', 'new{host="x"}']);
  });

  it('tells series with other labels apart', () => {
    const history = new ScrapeHistory();
    history.add({ atMs: 1, points: [{ name: 'a', labels: { x: '1' }, type: 'gauge', value: 1 }] });
    const { changed } = history.add({ atMs: 2, points: [{ name: 'a', labels: { x: '2' }, type: 'gauge', value: 1 }] });
    expect(changed).toHaveLength(1);
  });

  it('notices when a series goes away', () => {
    const history = new ScrapeHistory();
    history.add(scrape(1, { a: 1, b: 2 }));
    expect(history.add(scrape(2, { a: 1 })).scrape.points.map(({ name }) => name)).toEqual(['a']);
  });

  it.each([{ scrapes: 3 }, { values: 3 }])(
    'keeps to its limits (%o) and says which windows they cut short',
    (limits) => {
      const history = new ScrapeHistory(limits);
      for (const atMs of [1, 2, 3, 4, 5]) history.add(scrape(atMs, { a: atMs }));
      expect(times(history.within({ fromMs: 0 }))).toEqual([3, 4, 5]);
      expect(history.isIncomplete({ fromMs: 2 })).toBe(true);
      expect(history.isIncomplete({ fromMs: 3 })).toBe(false);
    },
  );
});
