import { describe, expect, it } from 'vitest';
import { beyondLimitMs, SYNC_LIMITS, SYNC_PRESETS } from './sync-limits.ts';

describe('limits of lip sync', () => {
  it('name every preset', () => {
    expect([...SYNC_PRESETS].sort()).toEqual(Object.keys(SYNC_LIMITS).sort());
  });

  it.each([
    ['atsc', -15, 45],
    ['ebu', -40, 60],
    ['itu-detectable', -45, 125],
    ['itu-acceptable', -90, 185],
  ] as const)('%s lets the sound be %d to +%d ms off, and no further', (preset, earliest, latest) => {
    const limit = SYNC_LIMITS[preset];
    expect([earliest, 0, latest].map((offset) => beyondLimitMs(offset, limit))).toEqual([0, 0, 0]);
    expect(beyondLimitMs(latest + 3, limit)).toBe(3);
    expect(beyondLimitMs(earliest - 2, limit)).toBe(2);
  });
});
