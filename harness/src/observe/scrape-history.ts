// The scrapes of one service, bounded. What did not change from one scrape to the next is stored once.

import { formatSeries } from '../model/metrics/index.ts';
import type { MetricPoint, Scrape, Window } from '../model/ports.ts';

export interface HistoryLimits {
  /** Default 20 000: an hour at four a second, and some. */
  scrapes: number;
  /** Values that are stored anew because they changed: the bulk of the memory, some 70 bytes each. Default 2 000 000. */
  values: number;
}

/** How a scrape differs from the one before: together with that one it gives the whole of it again. */
export interface ScrapeChange {
  /** Points that are new or have another value or type. */
  changed: MetricPoint[];
  /** Series that are new, or of another type than before, with their place among the points. */
  placed: { series: string; index: number; type: MetricPoint['type'] }[];
  /** Series that are not there any more. */
  gone: string[];
}

const DEFAULT_LIMITS: HistoryLimits = { scrapes: 20_000, values: 2_000_000 };

export class ScrapeHistory {
  readonly #limits: HistoryLimits;
  #scrapes: { scrape: Scrape; changed: number }[] = [];
  #values = 0;
  #forgottenUntilMs: number | undefined;

  constructor(limits: Partial<HistoryLimits> = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /** Stores the scrape and gives back how it is kept, and in what it differs from the one before. */
  add(scrape: Scrape): { scrape: Scrape } & ScrapeChange {
    const before = this.#scrapes.at(-1)?.scrape;
    const shared = shareUnchanged(before?.points ?? [], scrape.points);
    const kept: Scrape = { atMs: scrape.atMs, points: shared.points };
    this.#scrapes.push({ scrape: kept, changed: shared.changed.length });
    this.#values += shared.changed.length;
    this.#forget();
    return { scrape: kept, changed: shared.changed, ...seriesChange(before?.points ?? [], shared.points) };
  }

  get latest(): Scrape | undefined {
    return this.#scrapes.at(-1)?.scrape;
  }

  /** The last scrape at or before the window, then those inside, oldest first. */
  within({ fromMs, toMs = Number.POSITIVE_INFINITY }: Window): Scrape[] {
    const firstInside = this.#indexAfter(fromMs);
    return this.#scrapes
      .slice(Math.max(0, firstInside - 1), Math.max(firstInside, this.#indexAfter(toMs)))
      .map(({ scrape }) => scrape);
  }

  /** Whether scrapes that the window would show had to be let go. */
  isIncomplete({ fromMs }: Window): boolean {
    return this.#forgottenUntilMs !== undefined && fromMs < this.#forgottenUntilMs;
  }

  /** Index of the first scrape later than `atMs`. */
  #indexAfter(atMs: number): number {
    let low = 0;
    let high = this.#scrapes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#scrapes[middle]?.scrape.atMs ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #forget(): void {
    let surplus = 0;
    while (
      this.#scrapes.length - surplus > 1 &&
      (this.#scrapes.length - surplus > this.#limits.scrapes || this.#values > this.#limits.values)
    ) {
      this.#values -= this.#scrapes[surplus]?.changed ?? 0;
      surplus += 1;
    }
    if (surplus === 0) return;
    this.#forgottenUntilMs = this.#scrapes[surplus]?.scrape.atMs;
    this.#scrapes.splice(0, surplus);
  }
}

/** `next` with every point that equals one of `before` replaced by that one, and with the whole array when all do. */
function shareUnchanged(
  before: MetricPoint[],
  next: readonly MetricPoint[],
): { points: MetricPoint[]; changed: MetricPoint[] } {
  const changed: MetricPoint[] = [];
  let byName: Map<string, MetricPoint> | undefined;
  const find = (point: MetricPoint, index: number): MetricPoint | undefined => {
    const samePlace = before[index]; // exporters keep their order: the search below is rare
    if (samePlace !== undefined && isSameSeries(samePlace, point)) return samePlace;
    byName ??= new Map(before.map((each) => [formatSeries(each), each]));
    return byName.get(formatSeries(point));
  };
  const points = next.map((point, index) => {
    if (before[index] === point) return point;
    const earlier = find(point, index);
    if (earlier !== undefined && Object.is(earlier.value, point.value) && earlier.type === point.type) return earlier;
    const kept = earlier === undefined ? point : { ...earlier, type: point.type, value: point.value };
    changed.push(kept);
    return kept;
  });
  return { points: changed.length === 0 && points.length === before.length ? before : points, changed };
}

function seriesChange(before: MetricPoint[], next: MetricPoint[]): Pick<ScrapeChange, 'placed' | 'gone'> {
  const isSame = (point: MetricPoint, index: number) => {
    const earlier = before[index];
    return earlier !== undefined && earlier.type === point.type && isSameSeries(earlier, point);
  };
  if (before === next || (before.length === next.length && next.every(isSame))) return { placed: [], gone: [] };
  const types = new Map(before.map((point) => [formatSeries(point), point.type]));
  const placed = next.flatMap((point, index) => {
    const series = formatSeries(point);
    const isKnown = types.get(series) === point.type;
    types.delete(series);
    return isKnown ? [] : [{ series, index, type: point.type }];
  });
  return { placed, gone: [...types.keys()] };
}

export function isSameSeries(a: MetricPoint, b: MetricPoint): boolean {
  if (a === b) return true;
  if (a.name !== b.name) return false;
  const keys = Object.keys(a.labels);
  return keys.length === Object.keys(b.labels).length && keys.every((key) => a.labels[key] === b.labels[key]);
}
