// A quantile of what a Prometheus histogram has counted since the baseline.

import type { Scrape } from '../ports.ts';
import type { Selector } from './selector.ts';
import { increase, selectPoints } from './series.ts';

export interface Quantile {
  /**
   * Interpolated within its bucket, as PromQL's histogram_quantile does, but Infinity when it lies above the highest
   * finite bound (PromQL returns that bound, and `below` would hold for whatever was slower). Undefined: nothing counted.
   */
  value: number | undefined;
  /** The bucket that holds it: low < quantile ≤ high. */
  low?: number;
  high?: number;
  /** Observations since the baseline. */
  count: number;
  /** Cumulative counts since the baseline, by upper bound. */
  buckets: { le: number; count: number }[];
  /** No scrape has buckets of that name. */
  missing: boolean;
}

/** `selector` names the histogram (`rtt_ms`, or `rtt_ms_bucket`); series that differ in other labels are added up. `q` in 0…1. */
export function quantile(history: readonly Scrape[], selector: Selector, q: number): Quantile {
  const name = selector.name.endsWith('_bucket') ? selector.name : `${selector.name}_bucket`;
  const ofBuckets: Selector = { name, labels: selector.labels.filter(({ key }) => key !== 'le') };
  const bounds = new Map<number, string[]>(); // different texts may mean one bound: 1 and 1.0
  const seen = new Set<string>();
  for (const scrape of history) {
    for (const { labels } of selectPoints(scrape, ofBuckets)) {
      const text = labels.le;
      if (text === undefined || seen.has(text)) continue;
      seen.add(text);
      const bound = parseBound(text);
      if (!Number.isNaN(bound)) bounds.set(bound, [...(bounds.get(bound) ?? []), text]);
    }
  }
  const buckets = [...bounds]
    .sort(([a], [b]) => a - b)
    .map(([le, texts]) => ({
      le,
      count: texts.reduce((sum, text) => {
        const labels: Selector['labels'] = [...ofBuckets.labels, { key: 'le', op: '=', value: text }];
        return sum + increase(history, { name, labels }).increase;
      }, 0),
    }));
  const count = buckets.at(-1)?.count ?? 0;
  const found = { count, buckets, missing: buckets.length === 0 };
  if (count <= 0) return { ...found, value: undefined };

  const rank = q * count;
  const index = buckets.findIndex((bucket) => bucket.count >= rank && bucket.count > 0);
  const bucket = buckets[index];
  if (bucket === undefined) return { ...found, value: undefined };
  const below = buckets[index - 1];
  const high = bucket.le;
  const low = below?.le ?? Math.min(high, 0);
  if (high === Number.POSITIVE_INFINITY) return { ...found, value: high, low, high };
  const inBucket = bucket.count - (below?.count ?? 0);
  const share = inBucket > 0 ? (rank - (below?.count ?? 0)) / inBucket : 1;
  return { ...found, value: low + (high - low) * share, low, high };
}

function parseBound(text: string): number {
  return text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
}
