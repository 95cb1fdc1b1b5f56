// What every sample of a time must keep to: counters only grow, and the buckets of a histogram agree with each other.

import { formatSeries } from '../../model/metrics/index.ts';
import type { MetricPoint, Scrape } from '../../model/ports.ts';

export interface Breach {
  atMs: number;
  message: string;
}

export interface Survey {
  /** How many series (or histograms) were looked at; 0 means that there was nothing to see. */
  looked: number;
  /** How many of them changed: what never changes shows little. */
  moved: number;
  /** The first of each series. */
  breaches: Breach[];
}

/** `startsAtMs`: when the service was started anew; a counter may begin from zero there, and nowhere else. */
export function surveyCounters(scrapes: readonly Scrape[], startsAtMs: readonly number[]): Survey {
  const broken = new Map<string, Breach>();
  const first = new Map<string, number>();
  const moved = new Set<string>();
  let before: { scrape: Scrape; values: Map<string, number> } | undefined;
  for (const scrape of scrapes) {
    if (scrape.points === before?.scrape.points) {
      before.scrape = scrape;
      continue;
    }
    const values = new Map(scrape.points.filter(grows).map((point) => [formatSeries(point), point.value]));
    const say = (series: string, message: string) => {
      if (!broken.has(series)) broken.set(series, { atMs: scrape.atMs, message });
    };
    const isRestarted =
      before !== undefined && startsAtMs.some((at) => at > (before?.scrape.atMs ?? 0) && at <= scrape.atMs);
    for (const [series, value] of values) {
      if (Number.isNaN(value) || value < 0) say(series, `${series} is ${value}`);
      const earlier = before?.values.get(series);
      if (!isRestarted && earlier !== undefined && value < earlier)
        say(series, `${series} fell from ${earlier} to ${value}`);
      if (!first.has(series)) first.set(series, value);
      else if (first.get(series) !== value) moved.add(series);
    }
    if (!isRestarted) {
      for (const [series, value] of before?.values ?? []) {
        if (!values.has(series)) say(series, `${series}, ${value} before, is gone`);
      }
    }
    before = { scrape, values };
  }
  return { looked: first.size, moved: moved.size, breaches: [...broken.values()] };
}

/** Counters, and what histograms and summaries count. Sums may fall where observations may be negative. */
function grows({ name, type }: MetricPoint): boolean {
  if (type === 'counter') return true;
  if (type === 'histogram') return name.endsWith('_bucket') || name.endsWith('_count');
  return type === 'summary' && name.endsWith('_count');
}

interface Histogram {
  name: string;
  buckets: { bound: number; count: number }[];
  sum?: number;
  count?: number;
}

/** Every histogram of every sample, each on its own. */
export function surveyHistograms(scrapes: readonly Scrape[]): Survey {
  const broken = new Map<string, Breach>();
  const bounds = new Map<string, string>();
  const counts = new Map<string, number>();
  const moved = new Set<string>();
  let points: MetricPoint[] | undefined;
  for (const scrape of scrapes) {
    if (scrape.points === points) continue;
    points = scrape.points;
    for (const [series, histogram] of histogramsOf(scrape)) {
      const layout = histogram.buckets.map(({ bound }) => bound).join(' ');
      const problem =
        inconsistency(histogram) ??
        ((bounds.get(series) ?? layout) === layout
          ? undefined
          : `other buckets than before: le ${bounds.get(series)}, now ${layout}`);
      if (problem !== undefined && !broken.has(series))
        broken.set(series, { atMs: scrape.atMs, message: `${series}: ${problem}` });
      bounds.set(series, layout);
      const count = histogram.count ?? 0;
      if ((counts.get(series) ?? count) !== count) moved.add(series);
      counts.set(series, count);
    }
  }
  return { looked: bounds.size, moved: moved.size, breaches: [...broken.values()] };
}

function inconsistency({ buckets, sum, count }: Histogram): string | undefined {
  const last = buckets.at(-1);
  if (last?.bound !== Number.POSITIVE_INFINITY) return 'no bucket le="+Inf"';
  if (count === undefined) return 'no _count';
  if (sum === undefined) return 'no _sum';
  if (last.count !== count) return `_count is ${count}, and the bucket le="+Inf" is ${last.count}`;
  let least = 0;
  let most = 0;
  for (const [index, { bound, count: upTo }] of buckets.entries()) {
    const before = buckets[index - 1];
    const inside = upTo - (before?.count ?? 0);
    if (before !== undefined && bound === before.bound) return `the bucket le="${bound}" is there twice`;
    if (!(inside >= 0))
      return `the bucket le="${bound}" counts ${upTo}, fewer than the ${before?.count ?? 0} of le="${before?.bound}"`;
    if (inside === 0) continue;
    least += inside * (before?.bound ?? Number.NEGATIVE_INFINITY);
    most += inside * bound;
  }
  const slack = 1e-6 * Math.max(1, Math.abs(sum));
  // What lies in the buckets can only add up to so little, and so much.
  if (sum < least - slack) return `_sum is ${sum}, less than the ${least} that its buckets come to at least`;
  if (sum > most + slack) return `_sum is ${sum}, more than the ${most} that its buckets come to at most`;
  return undefined;
}

function histogramsOf({ points }: Scrape): Map<string, Histogram> {
  const found = new Map<string, Histogram>();
  for (const { name, labels, type, value } of points) {
    if (type !== 'histogram') continue;
    const [, family, part] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? [];
    if (family === undefined) continue;
    const { le, ...own } = labels;
    const series = formatSeries({ name: family, labels: own });
    const histogram = found.get(series) ?? { name: family, buckets: [] };
    found.set(series, histogram);
    if (part === 'sum') histogram.sum = value;
    else if (part === 'count') histogram.count = value;
    else histogram.buckets.push({ bound: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), count: value });
  }
  for (const { buckets } of found.values()) buckets.sort((a, b) => a.bound - b.bound);
  return found;
}
