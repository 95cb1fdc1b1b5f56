// What samples of a metric say over time: values, how far a counter has come despite restarts, and how fast.

import type { MetricPoint, Scrape } from '../ports.ts';
import { formatSeries, type Selector, seriesMatcher } from './selector.ts';

/** `rebase`: a counter that starts again from zero goes on counting. `fail`: the caller treats any reset as a broken promise. */
export type OnReset = 'rebase' | 'fail';

export interface Reset {
  /** When the lower value was seen, Unix ms. */
  atMs: number;
  /** The series, or the process whose start time changed. */
  series: string;
  from: number;
  to: number;
}

export interface Increase {
  /** How much the matching series have gone up since the first scrape, summed. Under `fail`, up to the first reset. */
  increase: number;
  resets: Reset[];
  /** Sum of the matching series in the first and in the last scrape; a series that is not there yet counts 0. */
  from: number;
  to: number;
  /** Time between the first and the last scrape, ms. */
  overMs: number;
  /** No scrape has a matching series: nothing is known, which is not 0. */
  missing: boolean;
}

/** When the process that is scraped was started: the one metric name that Prometheus' own clients all share. */
const PROCESS_START = 'process_start_time_seconds';

/** Histories share what did not change, and are looked at again and again while they grow: what was selected once is kept with it. */
const selected = new WeakMap<Selector, WeakMap<readonly MetricPoint[], MetricPoint[]>>();
const startTimes = new WeakMap<readonly MetricPoint[], number>();
const names = new WeakMap<MetricPoint, string>();

export function selectPoints({ points }: Scrape, selector: Selector): MetricPoint[] {
  const known = selected.get(selector) ?? new WeakMap<readonly MetricPoint[], MetricPoint[]>();
  selected.set(selector, known);
  const found = known.get(points) ?? points.filter(matcherOf(selector));
  known.set(points, found);
  return found;
}

const matchers = new WeakMap<Selector, (point: MetricPoint) => boolean>();

function matcherOf(selector: Selector): (point: MetricPoint) => boolean {
  const matcher = matchers.get(selector) ?? seriesMatcher(selector);
  matchers.set(selector, matcher);
  return matcher;
}

/** NaN when the scrape does not say. */
function startTimeOf(points: readonly MetricPoint[]): number {
  const known = startTimes.get(points);
  if (known !== undefined) return known;
  const found = points.findLast(({ name }) => name === PROCESS_START)?.value ?? Number.NaN;
  startTimes.set(points, found);
  return found;
}

function nameOf(point: MetricPoint): string {
  const name = names.get(point) ?? formatSeries(point);
  names.set(point, name);
  return name;
}

/** Sum of the matching series in this scrape; undefined when none matches. */
export function valueAt(scrape: Scrape, selector: Selector): number | undefined {
  return sumOf(selectPoints(scrape, selector));
}

/** `valueAt` of every scrape, oldest first. */
export function valuesOver(
  history: readonly Scrape[],
  selector: Selector,
): { atMs: number; value: number | undefined }[] {
  return history.map((scrape) => ({ atMs: scrape.atMs, value: valueAt(scrape, selector) }));
}

/**
 * How far the matching series have come since the first scrape of `history` (the baseline). Each series is followed by
 * itself and then summed, so a reset of one is seen although the sum went up. A series that appears later counts from 0:
 * clients create labelled series when they are first used. A lower value, a series that was away for a scrape, and a
 * process with another start time are resets. Gauges have no resets: last minus first.
 */
export function increase(history: readonly Scrape[], selector: Selector, onReset: OnReset = 'rebase'): Increase {
  const total: Increase = { increase: 0, resets: [], from: 0, to: 0, overMs: 0, missing: true };
  const first = history[0];
  const last = history.at(-1);
  if (first === undefined || last === undefined) return total;
  total.overMs = last.atMs - first.atMs;
  total.from = valueAt(first, selector) ?? 0;
  total.to = valueAt(last, selector) ?? 0;

  const seen = new Map<string, { value: number; scrape: number }>();
  let startedAt = Number.NaN;
  let index = -1;
  let before: readonly MetricPoint[] | undefined;
  for (const scrape of history) {
    if (scrape.points === before) continue; // nothing has changed
    before = scrape.points;
    index += 1;
    const start = startTimeOf(scrape.points);
    const restarted = !Number.isNaN(start) && !Number.isNaN(startedAt) && start !== startedAt;
    if (!Number.isNaN(start)) startedAt = start;
    for (const point of selectPoints(scrape, selector)) {
      total.missing = false;
      const key = nameOf(point);
      const earlier = seen.get(key);
      seen.set(key, { value: point.value, scrape: index });
      if (earlier === undefined) {
        if (index > 0) total.increase += point.value;
        continue;
      }
      const wasAway = earlier.scrape !== index - 1;
      if (point.type !== 'gauge' && (point.value < earlier.value || restarted || wasAway)) {
        total.resets.push({ atMs: scrape.atMs, series: key, from: earlier.value, to: point.value });
        if (onReset === 'fail') return total;
        total.increase += point.value;
      } else {
        total.increase += point.value - earlier.value;
      }
    }
  }
  return total;
}

/** Increase per second between the first and the last scrape; undefined `perSecond` when there are not two of them. */
export function rate(
  history: readonly Scrape[],
  selector: Selector,
  onReset: OnReset = 'rebase',
): Increase & { perSecond: number | undefined } {
  const risen = increase(history, selector, onReset);
  return { ...risen, perSecond: risen.overMs > 0 ? risen.increase / (risen.overMs / 1_000) : undefined };
}

function sumOf(points: readonly MetricPoint[]): number | undefined {
  return points.length === 0 ? undefined : points.reduce((sum, { value }) => sum + value, 0);
}
