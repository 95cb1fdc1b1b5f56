import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { durationField } from './fields.ts';
import {
  describeNumberMatcher,
  mapMatcher,
  missBy,
  type NumberMatcher,
  numberHolds,
  numberMatcherField,
  outlookWhenGrowing,
} from './number-matcher.ts';

const field = numberMatcherField(z.number());
const matcher = (raw: unknown): NumberMatcher => field.parse(raw);

/** Every matcher, with values that it must accept and values that it must reject. */
const TABLE: [raw: unknown, good: number[], bad: number[]][] = [
  [10, [10], [9, 11, -10, 10.001]],
  [{ equals: 0 }, [0, -0], [1, -1, 1e-6]],
  [{ equals: 100, tolerance: 5 }, [95, 105, 100], [94.9, 105.1]],
  [{ equals: 200, tolerance: '5%' }, [190, 210], [189.9, 210.1]],
  [{ equals: -200, tolerance: '5%' }, [-190, -210], [-189.9, 200]],
  [{ not: 0 }, [1, -1, 137], [0]],
  [{ not: 10, tolerance: 1 }, [8.9, 11.1], [9, 10, 11]],
  [{ above: 3 }, [3.1], [3, 2]],
  [{ below: 120 }, [119.9, -5], [120, 121]],
  [{ 'at-least': 1 }, [1, 2], [0, 0.99]],
  [{ 'at-most': 3 }, [3, 0], [4, 3.01]],
  [{ between: [2, 4] }, [2, 3, 4], [1.9, 4.1]],
  [{ between: [3, 3] }, [3], [2.9, 3.1]],
  [{ 'one-of': [1, 3] }, [1, 3], [2, 0]],
  [{ 'one-of': [10, 30], tolerance: 1 }, [9, 31], [12, 20]],
  [{ 'at-least': 1, below: 3 }, [1, 2], [0, 3]],
];

describe('number matchers', () => {
  it.each(TABLE)('%j accepts what it should and rejects what it should', (raw, good, bad) => {
    const made = matcher(raw);
    expect(good.filter((value) => !numberHolds(made, value))).toEqual([]);
    expect(bad.filter((value) => numberHolds(made, value))).toEqual([]);
    expect(numberHolds(made, Number.NaN), 'NaN is no value').toBe(false);
  });

  it('demand nothing, and so hold never, when they are empty', () => {
    expect(numberHolds({}, 0)).toBe(false);
    expect(field.safeParse({}).success).toBe(false);
  });

  it.each([
    [{ tolerance: 1, below: 3 }],
    [{ between: [4, 2] }],
    [{ 'one-of': [] }],
    [{ atleast: 3 }],
    [{ equals: 3, tolerance: 'much' }],
    ['10'],
  ])('refuse %j', (raw) => {
    expect(field.safeParse(raw).success).toBe(false);
  });

  it('take a bare number as an upper bound where that is what a measure means by it', () => {
    expect(numberMatcherField(durationField, 'at-most').parse('100ms')).toEqual({ 'at-most': 100 });
  });

  it('count durations with their unit and refuse them without', () => {
    const durations = numberMatcherField(durationField);
    expect(durations.parse({ equals: '60s', tolerance: '500ms' })).toEqual({
      equals: 60_000,
      tolerance: { absolute: 500 },
    });
    expect(durations.safeParse({ equals: 60 }).success).toBe(false);
    expect(durations.safeParse(60).success).toBe(false);
  });

  it('say how far outside a value is, with its sign', () => {
    expect(missBy(matcher(10), 12)).toBe(2);
    expect(missBy(matcher({ 'at-least': 5 }), 2)).toBe(-3);
    expect(missBy(matcher({ between: [2, 4] }), 1)).toBe(-1);
    expect(missBy(matcher({ 'one-of': [1, 10] }), 8)).toBe(-2);
    expect(missBy(matcher(10), 10)).toBe(0);
  });

  it('read as a sentence', () => {
    expect(describeNumberMatcher(matcher(10))).toBe('exactly 10');
    expect(describeNumberMatcher(matcher({ equals: 10, tolerance: '5%' }))).toBe('10 ± 5%');
    expect(describeNumberMatcher(matcher({ 'at-least': 1, below: 5 }))).toBe('below 5 and at least 1');
    expect(describeNumberMatcher(matcher({ 'one-of': [1, 2] }), (value) => `${value} s`)).toBe('one of 1 s, 2 s');
  });
});

const amount = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const anyMatcher = fc
  .record(
    {
      equals: amount,
      not: amount,
      above: amount,
      below: amount,
      'at-least': amount,
      'at-most': amount,
      between: fc.tuple(amount, amount).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]),
      'one-of': fc.array(amount, { minLength: 1, maxLength: 3 }),
      tolerance: fc.oneof(
        fc.record({ absolute: fc.double({ min: 0, max: 1e3, noNaN: true }) }),
        fc.record({ ratio: fc.double({ min: 0, max: 0.5, noNaN: true }) }),
      ),
    },
    { requiredKeys: [] },
  )
  .map((made) => made as NumberMatcher);

describe('the outlook of a value that can only grow', () => {
  it('is never hopeless for a value that still comes true, nor settled for one that does not', () => {
    fc.assert(
      fc.property(anyMatcher, amount, fc.double({ min: 0, max: 2e6, noNaN: true }), (made, value, growth) => {
        const outlook = outlookWhenGrowing(made, value);
        const later = numberHolds(made, value + growth);
        if (outlook === 'hopeless') expect(later).toBe(false);
        if (outlook === 'settled') expect(later).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    [{ equals: 10 }, 11, 'hopeless'],
    [{ equals: 10 }, 10, 'open'],
    [{ equals: 10, tolerance: { absolute: 2 } }, 12, 'open'],
    [{ 'at-least': 10 }, 10, 'settled'],
    [{ 'at-least': 10 }, 9, 'open'],
    [{ below: 10 }, 10, 'hopeless'],
    [{ 'at-least': 1, 'at-most': 3 }, 2, 'open'],
    [{ 'at-most': 3 }, 4, 'hopeless'],
    [{ 'at-most': 3 }, 3, 'open'],
    [{ between: [1, 3] }, 4, 'hopeless'],
    [{ between: [1, 3] }, 3, 'open'],
    [{ above: 3 }, 3, 'open'],
    [{ above: 3 }, 4, 'settled'],
    [{ 'one-of': [1, 2] }, 3, 'hopeless'],
    [{ not: 3 }, 3, 'open'],
    [{ not: 3 }, 4, 'settled'],
    [{}, 4, 'open'],
  ] as [NumberMatcher, number, string][])('of %j at %d is %s', (made, value, outlook) => {
    expect(outlookWhenGrowing(made, value)).toBe(outlook);
  });
});

describe('tolerance', () => {
  it('accepts exactly what lies within it, in any unit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100_000, max: 100_000 }),
        fc.integer({ min: 0, max: 1_000 }),
        fc.integer({ min: -2_000, max: 2_000 }),
        (expected, absolute, off) => {
          const made: NumberMatcher = { equals: expected, tolerance: { absolute } };
          const inside = Math.abs(off) <= absolute;
          expect(numberHolds(made, expected + off)).toBe(inside);
          const inSeconds = mapMatcher(made, (value) => value / 1_000);
          expect(numberHolds(inSeconds, (expected + off) / 1_000)).toBe(inside);
        },
      ),
    );
  });
});
