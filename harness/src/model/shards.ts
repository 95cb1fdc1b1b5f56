// Divides a selection over machines. The suite is the unit: its cases share one environment, whose start would otherwise be paid for on each.

import { TestcardError } from './errors.ts';
import type { Shard } from './run-record.ts';

export interface Weighed {
  /** Tells suites apart, on every machine in the same way. */
  id: string;
  /** How long it may take, or took earlier, ms. */
  weightMs: number;
}

/**
 * The part of `all` that is this shard's, in its own order. Each is in exactly one shard, by nothing but ids and weights: the heaviest first, each
 * to the shard that has least so far. Throws USAGE when there are more shards than suites: an empty one would show nothing.
 */
export function shardOf<T extends Weighed>(all: readonly T[], { index, of }: Shard): T[] {
  if (of > all.length) {
    throw new TestcardError(
      'USAGE',
      `${of} shards of ${all.length} ${all.length === 1 ? 'suite' : 'suites'}: at most one shard a suite`,
      {
        hint: `a suite is never divided: use --shard ${Math.min(index, all.length)}/${all.length}`,
      },
    );
  }
  const shards = Array.from({ length: of }, () => ({ totalMs: 0, ids: new Set<string>() }));
  const heaviestFirst = all.toSorted((a, b) => b.weightMs - a.weightMs || (a.id < b.id ? -1 : 1));
  for (const { id, weightMs } of heaviestFirst) {
    const lightest = shards.reduce((least, shard) =>
      shard.totalMs < least.totalMs || (shard.totalMs === least.totalMs && shard.ids.size < least.ids.size)
        ? shard
        : least,
    );
    lightest.ids.add(id);
    lightest.totalMs += weightMs;
  }
  return all.filter(({ id }) => shards[index - 1]?.ids.has(id));
}
