import { describe, expect, test } from 'vitest';
import { interpolate } from './interpolate.ts';

const values = { SET: 'value', EMPTY: '', PORT: '8080' };

describe('Compose variables', () => {
  test.each([
    ['$SET and ${SET}', 'value and value'],
    ['${SET:-other}', 'value'],
    ['${EMPTY:-other}', 'other'],
    ['${EMPTY-other}', ''],
    ['${UNSET-other}', 'other'],
    ['${UNSET:-a}${UNSET:-b}', 'ab'],
    ['${SET:+yes}${EMPTY:+no}${EMPTY+set}', 'yesset'],
    ['${UNSET:-http://${SET}:${PORT}/}', 'http://value:8080/'],
    ['$$HOME costs $$5', '$HOME costs $5'],
    ['${UNSET:-}', ''],
    ['${MEDIAMTX_IMAGE:-bluenviron/mediamtx:1.20.1}', 'bluenviron/mediamtx:1.20.1'],
  ])('%s → %s', (text, expected) => {
    expect(interpolate(text, values)).toEqual({ value: expected, missing: [], problems: [] });
  });

  test('a variable without value and default is empty and named', () => {
    expect(interpolate('a${NOPE}b$NOPE2', values)).toEqual({ value: 'ab', missing: ['NOPE', 'NOPE2'], problems: [] });
  });

  test.each([
    ['${NOPE:?set it first}', 'variable NOPE is required: set it first'],
    ['${NOPE?}', 'variable NOPE is required'],
    ['${SET', '`${SET` has no closing brace'],
    ['${SET!x}', '`${SET!x}` is no form of a variable that Compose knows'],
    ['costs $ 5', '`$ 5` is no variable'],
  ])('%s is refused', (text, problem) => {
    expect(interpolate(text, values).problems).toEqual([problem]);
  });
});
