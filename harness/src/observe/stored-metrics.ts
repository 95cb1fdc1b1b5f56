// The scrapes of a run that is over, put together again from what the timeline kept of each: its difference from the one before.

import type { MetricsRecord } from '../model/looks.ts';
import { parseSelector } from '../model/metrics/index.ts';
import type { MetricPoint, Scrape, Window } from '../model/ports.ts';

interface Stored {
  scrapes: Scrape[];
  /** Place on the timeline of each scrape. */
  at: number[];
  points: MetricPoint[];
}

export class StoredMetrics {
  #services = new Map<string, Stored>();
  #series = new Map<string, Pick<MetricPoint, 'name' | 'labels'>>();

  /** `index`: how many events stood on the timeline before it. */
  add(event: { atMs: number; service: string } & MetricsRecord, index: number): void {
    const stored = this.#services.get(event.service) ?? { scrapes: [], at: [], points: [] };
    this.#services.set(event.service, stored);
    stored.points = this.#next(stored.points, event);
    stored.scrapes.push({ atMs: event.atMs, points: stored.points });
    stored.at.push(index);
  }

  services(): string[] {
    return [...this.#services.keys()];
  }

  /** The last scrape at or before the window, then those inside, of the first `seen` events. */
  history(service: string, { fromMs, toMs = Number.POSITIVE_INFINITY }: Window, seen: number): Scrape[] {
    const stored = this.#services.get(service);
    if (!stored) return [];
    const known = firstIndex(stored.at.length, (index) => (stored.at[index] ?? 0) >= seen);
    const after = (ms: number) => firstIndex(known, (index) => (stored.scrapes[index]?.atMs ?? 0) > ms);
    const firstInside = after(fromMs);
    return stored.scrapes.slice(Math.max(0, firstInside - 1), Math.max(firstInside, after(toMs)));
  }

  #next(before: MetricPoint[], { values, odd = {}, placed = {}, gone = [] }: MetricsRecord): MetricPoint[] {
    const changed = new Map<string, number>(Object.entries(values));
    for (const [series, text] of Object.entries(odd)) changed.set(series, Number(text));
    if (changed.size === 0 && Object.keys(placed).length === 0 && gone.length === 0) return before;
    const left = new Set(gone);
    const types = new Map(Object.entries(placed));
    const kept = before.flatMap((point) => {
      const series = this.#nameOf(point);
      if (left.has(series)) return [];
      const type = types.get(series)?.[1] ?? point.type;
      types.delete(series);
      const value = changed.get(series);
      return [value === undefined && type === point.type ? point : { ...point, type, value: value ?? point.value }];
    });
    for (const [series, [index, type]] of [...types].sort((a, b) => a[1][0] - b[1][0])) {
      kept.splice(index, 0, this.#point(series, type, changed.get(series) ?? Number.NaN));
    }
    return kept;
  }

  #names = new WeakMap<object, string>();

  /** Points of one series share their labels: the name is worked out once. */
  #nameOf({ labels }: MetricPoint): string {
    return this.#names.get(labels) ?? '';
  }

  #point(series: string, type: MetricPoint['type'], value: number): MetricPoint {
    const known = this.#series.get(series) ?? parseSeries(series);
    this.#series.set(series, known);
    this.#names.set(known.labels, series);
    return { ...known, type, value };
  }
}

function parseSeries(series: string): Pick<MetricPoint, 'name' | 'labels'> {
  const parsed = parseSelector(series);
  if ('problem' in parsed) return { name: series, labels: {} };
  return { name: parsed.name, labels: Object.fromEntries(parsed.labels.map(({ key, value }) => [key, value])) };
}

/** The first of `count` indices for which `isAfter` holds, `count` when there is none; it must hold for all after it. */
export function firstIndex(count: number, isAfter: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAfter(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
