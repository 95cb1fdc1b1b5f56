// Metric samples of one service as they come (only what changed), kept as columns: one list of times, one of values for each series.

import { isNamed } from './metric-names.ts';
import type { MetricsOfService, SeriesBlock, SeriesHead } from './page-data.ts';

/** Values in a chunk, about: what a chart needs is unpacked at once, what nobody asks for is not. */
const VALUES_PER_CHUNK = 60_000;
/** Decimals that are kept: a scrape's digits beyond these say nothing about a pipeline. */
const SIGNIFICANT = 12;

interface Column {
  first: number;
  at: number[];
  lastSample: number;
  /** There was a value at each sample so far. */
  isDense: boolean;
  values: number[];
  min: number;
  max: number;
}

export class SeriesOfService {
  readonly #times: number[] = [];
  readonly #columns = new Map<string, Column>();
  #lastMs = 0;

  add(atMs: number, values: Record<string, number>): void {
    const sample = this.#times.length;
    this.#times.push(atMs - this.#lastMs);
    this.#lastMs = atMs;
    for (const name in values) {
      const value = values[name];
      if (typeof value !== 'number' || !Number.isFinite(value)) continue; // JSON has no NaN; nothing to draw
      const column = this.#columns.get(name);
      if (column) append(column, sample, value);
      else this.#columns.set(name, begin(sample, value));
    }
  }

  /** Time and value of the series that a written name stands for, as checks see it: the sum where there are several. */
  pointsOf(written: string): [atMs: number, value: number][] | undefined {
    const exact = this.#columns.get(written);
    const columns = exact
      ? [exact]
      : [...this.#columns].flatMap(([name, each]) => (isNamed(name, written) ? [each] : []));
    if (columns.length === 0) return undefined;
    const changes = new Map<number, number>(); // by sample, how much the sum changes there
    for (const { first, at, isDense, values } of columns) {
      let sample = first;
      let before = 0;
      for (const [index, value] of values.entries()) {
        sample = isDense ? first + index : sample + (at[index] ?? 0);
        changes.set(sample, (changes.get(sample) ?? 0) + value - before);
        before = value;
      }
    }
    const points: [number, number][] = [];
    let atMs = 0;
    let sum = 0;
    for (const [sample, step] of this.#times.entries()) {
      atMs += step;
      const change = changes.get(sample);
      if (change === undefined) continue;
      sum += change;
      points.push([atMs, sum]);
    }
    return points;
  }

  /** Hands over what was collected, series named in `first` before the others, each block as JSON; the columns are let go of on the way. */
  *blocks(
    service: string,
    first: ReadonlySet<string>,
    chunkOf: () => string,
  ): Generator<{ chunk: string; json: string } | MetricsOfService> {
    const names = [...this.#columns.keys()].sort(
      (a, b) => Number(first.has(b)) - Number(first.has(a)) || (a < b ? -1 : 1),
    );
    const heads: SeriesHead[] = [];
    let open: { chunk: string; values: number; parts: string[] } | undefined;
    const times = JSON.stringify(this.#times);
    const close = () => {
      if (!open) return undefined;
      const { chunk, parts } = open;
      open = undefined;
      return { chunk, json: `{"times":${times},"series":[${parts.join(',')}]}` };
    };
    for (const name of names) {
      const column = this.#columns.get(name);
      if (!column) continue;
      this.#columns.delete(name);
      open ??= { chunk: chunkOf(), values: 0, parts: [] };
      const { min, max, values } = column;
      heads.push({ name, points: values.length, min, max, chunk: open.chunk, index: open.parts.length });
      open.parts.push(JSON.stringify(packed(column)));
      open.values += values.length;
      if (open.values >= VALUES_PER_CHUNK) yield close() as { chunk: string; json: string };
    }
    const last = close();
    if (last) yield last;
    yield { service, samples: this.#times.length, series: heads.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  }
}

function begin(sample: number, value: number): Column {
  return { first: sample, at: [], lastSample: sample, isDense: true, values: [value], min: value, max: value };
}

function append(column: Column, sample: number, value: number): void {
  if (column.isDense && sample !== column.lastSample + 1) {
    // From here on the samples must be named: those so far were one after the other.
    column.isDense = false;
    column.at = column.values.map((_, index) => (index === 0 ? 0 : 1));
  }
  if (!column.isDense) column.at.push(sample - column.lastSample);
  column.lastSample = sample;
  column.values.push(value);
  if (value < column.min) column.min = value;
  if (value > column.max) column.max = value;
}

function packed({ first, at, isDense, values }: Column): SeriesBlock['series'][number] {
  const rounded = values.map((value) => (Number.isInteger(value) ? value : Number(value.toPrecision(SIGNIFICANT))));
  return { first, ...(isDense ? {} : { at }), values: rounded };
}
