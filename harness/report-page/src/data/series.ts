// Series of metrics: unpacked from their chunks, found by the name that a suite writes, thinned out for drawing.

import { isNamed, parseName } from '../../../src/report/html/metric-names.ts';
import type { MetricsOfService, SeriesBlock, SeriesHead } from '../../../src/report/html/page-data.ts';
import { readJson } from './chunks.ts';
import { lowerBound } from './log-lines.ts';

export interface Series {
  service: string;
  name: string;
  times: Float64Array;
  values: Float64Array;
}

const blocks = new Map<string, Promise<SeriesBlock>>();

export async function readSeries(service: string, head: SeriesHead): Promise<Series> {
  const reading = blocks.get(head.chunk) ?? readJson<SeriesBlock>(head.chunk);
  blocks.set(head.chunk, reading);
  const block = await reading;
  const { first, at, values } = block.series[head.index] ?? { first: 0, values: [] };
  const sampleTimes = timesOf(block);
  const times = new Float64Array(values.length);
  let sample = first;
  for (let index = 0; index < values.length; index += 1) {
    if (at) sample += at[index] ?? 0;
    times[index] = sampleTimes[at ? sample : first + index] ?? 0;
  }
  return { service, name: head.name, times, values: Float64Array.from(values) };
}

const summed = new WeakMap<SeriesBlock, Float64Array>();

function timesOf(block: SeriesBlock): Float64Array {
  const known = summed.get(block);
  if (known) return known;
  const times = new Float64Array(block.times.length);
  let sum = 0;
  for (const [index, step] of block.times.entries()) {
    sum += step;
    times[index] = sum;
  }
  summed.set(block, times);
  return times;
}

/** Value in force at an instant: the last one sampled. */
export function valueAt({ times, values }: Series, atMs: number): number | undefined {
  const index = lowerBound(times, atMs + 1) - 1;
  return index < 0 ? undefined : values[index];
}

/** Heads that a name as written in a suite stands for; of a histogram its sum and count. */
export function headsNamed(service: MetricsOfService, written: string): SeriesHead[] {
  const { base } = parseName(written);
  const matching = (wanted: string) => service.series.filter(({ name }) => isNamed(name, written, wanted));
  const exact = matching(base);
  return exact.length > 0 ? exact : [...matching(`${base}_sum`), ...matching(`${base}_count`)];
}

/**
 * The part of several series that is seen, on one list of times: as sampled where there are few samples, else the least and the greatest of
 * each pixel in the order in which they came, so that no peak is lost.
 */
export function thinned(all: readonly Series[], fromMs: number, toMs: number, pixels: number): (number | null)[][] {
  const ranges = all.map(({ times }) => ({
    from: Math.max(0, lowerBound(times, fromMs) - 1),
    to: Math.min(times.length, lowerBound(times, toMs) + 1),
  }));
  const most = Math.max(0, ...ranges.map(({ from, to }) => to - from));
  return most <= pixels * 2 ? asSampled(all, ranges, toMs) : byPixel(all, fromMs, toMs, pixels);
}

type Range = { from: number; to: number };

function asSampled(all: readonly Series[], ranges: readonly Range[], toMs: number): (number | null)[][] {
  const xs = new Set<number>();
  for (const [index, { times }] of all.entries()) {
    const { from, to } = ranges[index] as Range;
    for (let at = from; at < to; at += 1) xs.add(times[at] as number);
  }
  xs.add(toMs); // a value holds until the next one
  const sorted = [...xs].sort((a, b) => a - b);
  return [sorted, ...all.map((series) => sorted.map((x) => valueAt(series, x) ?? null))];
}

function byPixel(all: readonly Series[], fromMs: number, toMs: number, pixels: number): (number | null)[][] {
  const step = (toMs - fromMs) / pixels;
  const xs: number[] = [];
  for (let pixel = 0; pixel < pixels; pixel += 1) xs.push(fromMs + pixel * step, fromMs + (pixel + 0.5) * step);
  const columns = all.map(({ times, values }) => {
    const ys: (number | null)[] = [];
    let at = lowerBound(times, fromMs);
    let held: number | null = at > 0 ? (values[at - 1] as number) : null;
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      const end = fromMs + (pixel + 1) * step;
      let min = Infinity;
      let max = -Infinity;
      let isMinFirst = true;
      for (; at < times.length && (times[at] as number) < end; at += 1) {
        const value = values[at] as number;
        if (value < min) {
          min = value;
          isMinFirst = false;
        }
        if (value > max) {
          max = value;
          isMinFirst = true;
        }
        held = value;
      }
      if (min === Infinity) ys.push(held, held);
      else if (isMinFirst) ys.push(min, max);
      else ys.push(max, min);
    }
    return ys;
  });
  return [xs, ...columns];
}
