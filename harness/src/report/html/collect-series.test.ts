import { describe, expect, it } from 'vitest';
import { SeriesOfService } from './collect-series.ts';
import type { MetricsOfService, SeriesBlock } from './page-data.ts';

function collected(samples: [atMs: number, values: Record<string, number>][], first: string[] = []) {
  const series = new SeriesOfService();
  for (const [atMs, values] of samples) series.add(atMs, values);
  let number = 0;
  const parts = [...series.blocks('worker', new Set(first), () => `chunk-${number++}`)];
  const blocks = new Map(
    parts.flatMap((part) => ('json' in part ? [[part.chunk, JSON.parse(part.json) as SeriesBlock]] : [])),
  );
  const heads = parts.find((part): part is MetricsOfService => 'series' in part);
  const pointsOf = (name: string) => {
    const head = heads?.series.find((each) => each.name === name);
    const block = blocks.get(head?.chunk ?? '');
    const { first: begin = 0, at, values = [] } = block?.series[head?.index ?? 0] ?? {};
    const times: number[] = [];
    for (const step of block?.times ?? []) times.push((times.at(-1) ?? 0) + step);
    let sample = begin;
    return values.map((value, index) => {
      sample = at ? sample + (at[index] ?? 0) : begin + index;
      return [times[sample], value];
    });
  };
  return { blocks, heads, pointsOf };
}

describe('SeriesOfService', () => {
  it('gives back each value at its time, whether it came with every sample or now and then', () => {
    const { pointsOf } = collected([
      [100, { always: 1, seldom: 5 }],
      [350, { always: 2 }],
      [600, { always: 3 }],
      [850, { always: 4, seldom: 6, late: 0.1 }],
      [1_100, { always: 5, late: 0.2 }],
    ]);
    expect(pointsOf('always')).toEqual([
      [100, 1],
      [350, 2],
      [600, 3],
      [850, 4],
      [1_100, 5],
    ]);
    expect(pointsOf('seldom')).toEqual([
      [100, 5],
      [850, 6],
    ]);
    expect(pointsOf('late')).toEqual([
      [850, 0.1],
      [1_100, 0.2],
    ]);
  });

  it('leaves out what is no number', () => {
    const { pointsOf, heads } = collected([
      [0, { odd: Number.NaN, whole: 1 }],
      [250, { odd: 2, whole: Number.POSITIVE_INFINITY }],
    ]);
    expect(pointsOf('odd')).toEqual([[250, 2]]);
    expect(heads?.series.find(({ name }) => name === 'whole')).toMatchObject({ points: 1, min: 1, max: 1 });
  });

  it('gives the sum of the series that a written name stands for, as checks see it', () => {
    const series = new SeriesOfService();
    series.add(0, { 'a{x="1"}': 1, 'a{x="2"}': 10, 'a{x="3"}': 100 });
    series.add(250, { 'a{x="2"}': 11 });
    series.add(500, { 'a{x="1"}': 2, 'a{x="3"}': 200 });
    expect(series.pointsOf('a{x="2"}')).toEqual([
      [0, 10],
      [250, 11],
    ]);
    expect(series.pointsOf('a')).toEqual([
      [0, 111],
      [250, 112],
      [500, 213],
    ]);
    expect(series.pointsOf('a{x=~"1|2"}')).toEqual([
      [0, 11],
      [250, 12],
      [500, 13],
    ]);
    expect(series.pointsOf('b')).toBeUndefined();
  });

  it('puts what a suite names into the first chunk, and divides the rest', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`a_${index}`, index]));
    const samples = Array.from({ length: 200 }, (_, index): [number, Record<string, number>] => [
      index * 250,
      { ...many, z_named: index },
    ]);
    const { heads, blocks } = collected(samples, ['z_named']);
    expect(heads?.series.find(({ name }) => name === 'z_named')).toMatchObject({ chunk: 'chunk-0', index: 0 });
    expect(blocks.size).toBe(2);
  });
});
