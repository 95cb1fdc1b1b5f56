import { describe, expect, it } from 'vitest';
import { formatDurationMs, parseDurationMs } from './duration.ts';

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['2s', 2_000],
    ['1m30s', 90_000],
    ['1.5s', 1_500],
    ['1h', 3_600_000],
    ['-40ms', -40],
  ])('reads %s as %d ms', (text, ms) => expect(parseDurationMs(text)).toBe(ms));

  it.each(['', '20', 's', '2 s', '2sec', '1m30', 'x2s', '-'])('refuses %j', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  it.each([
    [0, '0ms'],
    [250, '250ms'],
    [2_500, '2.5s'],
    [90_000, '1m30s'],
    [3_600_000, '1h'],
    [-40, '-40ms'],
  ])('writes %d ms as %s', (ms, text) => expect(formatDurationMs(ms)).toBe(text));
});
