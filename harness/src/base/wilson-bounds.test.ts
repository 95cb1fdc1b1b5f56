import { expect, it } from 'vitest';
import { wilsonBounds } from './wilson-bounds.ts';

// Expected values: prop.test(x, n, correct = FALSE) of R.
it.each([
  [20, 20, 0.8389, 1],
  [19, 20, 0.7639, 0.9911],
  [5, 10, 0.2366, 0.7634],
  [0, 10, 0, 0.2775],
  [1, 1, 0.2065, 1],
])('%i of %i', (hits, tries, low, high) => {
  const bounds = wilsonBounds(hits, tries);
  expect(bounds.low).toBeCloseTo(low, 3);
  expect(bounds.high).toBeCloseTo(high, 3);
});

it('nothing tried says nothing', () => expect(wilsonBounds(0, 0)).toEqual({ low: 0, high: 1 }));
