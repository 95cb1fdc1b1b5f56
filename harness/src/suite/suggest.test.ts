// What "did you mean" suggests, and when it had better not.

import { expect, test } from 'vitest';
import { nearest } from '../base/nearest-name.ts';
import { suggestion } from './suggest.ts';

test.each([
  ['metrc', 'metric'],
  ['hots', 'host'],
  ['withn', 'within'],
  ['atmost', 'at-most'],
  ['at_most', 'at-most'],
  ['Within', 'within'],
  ['one-minutes', 'one-minute'],
  ['media', 'media-service'],
])('%s means %s', (written, meant) => {
  expect(nearest(written, ['metric', 'host', 'within', 'at-most', 'one-minute', 'media-service', 'x'])).toBe(meant);
});

test.each(['frobnicate', 'y', 'network'])('%s means nothing known', (written) => {
  expect(nearest(written, ['metric', 'host', 'x', 'recording'])).toBeUndefined();
});

test('what is known is listed when nothing is near', () => {
  expect(suggestion('zzz', ['a-name', 'b-name'], 'names are')).toBe('names are: a-name, b-name');
  const many = Array.from({ length: 25 }, (_, index) => `name-number-${index}`);
  expect(suggestion('zzz', many, 'names are')).toMatch(/name-number-19 and 5 more$/);
  expect(suggestion('zzz', [], 'names are', 'define one')).toBe('define one');
});
