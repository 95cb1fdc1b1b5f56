// What arrived is judged by figures alone: an effect that is absent, or another than was asked for, never holds.

import { describe, expect, it } from 'vitest';
import type { Impairment } from '../../model/impairment.ts';
import { judgeArrivals, judgeFree } from './judge-arrivals.ts';
import type { Arrivals } from './probe-path.ts';

type Wanted = Omit<Impairment, 'service'>;

/** 400 packets, 2 ms apart, each taking `tookMs` (undefined: lost), and a train at a rate. */
function arrivals(
  tookMs: (index: number) => number | number[] | undefined,
  train: Partial<Arrivals['train']> & { bitsPerSecond?: number } = {},
): Arrivals {
  const all = Array.from({ length: 400 }, (_, index) =>
    [tookMs(index) ?? []].flat().map((took) => ({ index, took, at: index * 2 + took })),
  ).flat();
  const { bitsPerSecond, ...rest } = train;
  const everyUs = bitsPerSecond === undefined ? 0 : ((1_000 + 14) * 8e6) / bitsPerSecond;
  return {
    sent: 400,
    paced: all.sort((a, b) => a.at - b.at).map(({ index, took }) => [index, took * 1_000]),
    train: {
      ...{ sent: 100, bytes: 1_000, sentWithinUs: 1_000 },
      arrived: bitsPerSecond === undefined ? [] : Array.from({ length: 100 }, (_, index) => [index, index * everyUs]),
      ...rest,
    },
  };
}

const free = arrivals(() => 0.1);
/** Every n-th. */
const each = (n: number) => (index: number) => index % n === 0;
/** -1 … 1, evenly. */
const even = (index: number) => ((index * 37) % 100) / 49.5 - 1;

describe.each<[string, Wanted, Arrivals, string]>([
  ['a loss', { loss: 0.1 }, arrivals((index) => (each(10)(index) ? undefined : 0.1)), 'lost 40 of 400'],
  ['the loss of everything', { loss: 1 }, arrivals(() => undefined), 'lost 400 of 400'],
  ['a latency', { latencyMs: 100 }, arrivals(() => 101), '101 ms late'],
  ['a jitter', { latencyMs: 100, jitterMs: 30 }, arrivals((index) => 100 + 30 * even(index)), 'spread over 5'],
  ['duplicates', { duplicate: 0.05 }, arrivals((index) => (each(20)(index) ? [0.1, 0.2] : 0.1)), '20 of 400 twice'],
  ['a disorder', { reorder: 0.1 }, arrivals((index) => (each(10)(index) ? 20 : 0.1)), '40 of 400 out of turn'],
  [
    'a disorder of what is late',
    { reorder: 0.1, latencyMs: 50 },
    arrivals((index) => (each(10)(index) ? 0.1 : 50)),
    '40 of 400 out of turn',
  ],
  [
    'a rate',
    { bitsPerSecond: 2_000_000 },
    arrivals(() => 0.1, { bitsPerSecond: 1_990_000 }),
    'at 1.99 Mbit/s of 811 Mbit/s that were offered',
  ],
])('%s', (_, wanted, found, seen) => {
  it('holds when it is there', () => {
    const judged = judgeArrivals(found, wanted);
    expect(judged.seen).toContain(seen);
    expect(judged.holds).toBe(true);
  });

  it('does not hold when packets arrive as ever', () => {
    const asEver = wanted.bitsPerSecond === undefined ? free : arrivals(() => 0.1, { bitsPerSecond: 900_000_000 });
    expect(judgeArrivals(asEver, wanted).holds).toBe(false);
    expect(judgeFree(asEver, wanted).holds).toBe(true);
  });

  it('is not over while it is there', () => {
    expect(judgeFree(found, wanted).holds).toBe(false);
  });
});

describe('another amount than was asked for', () => {
  it.each<[string, Wanted, Arrivals]>([
    ['twice the loss', { loss: 0.1 }, arrivals((index) => (each(5)(index) ? undefined : 0.1))],
    ['half the loss', { loss: 0.2 }, arrivals((index) => (each(10)(index) ? undefined : 0.1))],
    ['half the latency', { latencyMs: 100 }, arrivals(() => 50)],
    ['twice the latency', { latencyMs: 100 }, arrivals(() => 200)],
    ['no jitter', { latencyMs: 100, jitterMs: 30 }, arrivals(() => 100)],
    ['a loss beside the latency', { latencyMs: 100 }, arrivals((index) => (each(10)(index) ? undefined : 100))],
    ['three times the duplicates', { duplicate: 0.1 }, arrivals((index) => (each(3)(index) ? [0.1, 0.2] : 0.1))],
    ['a rate twice as high', { bitsPerSecond: 2_000_000 }, arrivals(() => 0.1, { bitsPerSecond: 4_000_000 })],
    [
      'no more offered than fits',
      { bitsPerSecond: 2_000_000 },
      arrivals(() => 0.1, { bitsPerSecond: 1_990_000, sentWithinUs: 400_000 }),
    ],
    ['a train of which nothing came', { bitsPerSecond: 2_000_000 }, free],
    ['only one of two effects', { loss: 0.1, latencyMs: 100 }, arrivals(() => 100)],
  ])('%s does not hold', (_, wanted, found) => {
    expect(judgeArrivals(found, wanted).holds).toBe(false);
  });
});

it('does not blame a limited rate for what did not fit through it', () => {
  const crowded = arrivals((index) => (each(4)(index) ? undefined : 160), { bitsPerSecond: 1_900_000 });
  expect(judgeArrivals(crowded, { bitsPerSecond: 2_000_000, latencyMs: 100 }).holds).toBe(true);
});
