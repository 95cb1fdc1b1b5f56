import { describe, expect, test } from 'vitest';
import { shardOf } from './shards.ts';

const suites = [90, 30, 30, 20, 10, 10, 5].map((weightMs, index) => ({ id: `s${index}`, weightMs }));

describe('shardOf', () => {
  test.each([1, 2, 3, 5, 7])('puts every suite into exactly one of %i shards', (of) => {
    const shards = Array.from({ length: of }, (_, index) => shardOf(suites, { index: index + 1, of }));
    expect(
      shards
        .flat()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(suites.map(({ id }) => id));
    expect(shards.every((shard) => shard.length > 0)).toBe(true);
  });

  test('balances by weight', () => {
    const totals = [1, 2].map((index) =>
      shardOf(suites, { index, of: 2 }).reduce((sum, { weightMs }) => sum + weightMs, 0),
    );
    expect(totals).toEqual([100, 95]);
  });

  test('divides in the same way whatever the order, and without any weight', () => {
    const ids = (list: typeof suites) =>
      shardOf(list, { index: 2, of: 3 })
        .map(({ id }) => id)
        .sort();
    expect(ids(suites.toReversed())).toEqual(ids(suites));
    const weightless = suites.map((suite) => ({ ...suite, weightMs: 0 }));
    expect(shardOf(weightless, { index: 1, of: 7 })).toHaveLength(1);
    expect(ids(weightless.toReversed())).toEqual(ids(weightless));
  });

  test('refuses more shards than there are suites', () => {
    expect(() => shardOf(suites, { index: 8, of: 8 })).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('8 shards of 7 suites') }),
    );
  });
});
