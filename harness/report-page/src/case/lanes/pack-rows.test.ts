import { describe, expect, it } from 'vitest';
import { packRows } from './pack-rows.ts';

describe('packRows', () => {
  it('puts bars that overlap below each other, and others beside each other', () => {
    const bars = [
      { fromMs: 0, toMs: 10 },
      { fromMs: 5, toMs: 15 },
      { fromMs: 10, toMs: 20 },
    ];
    expect(packRows(bars)).toEqual({ rows: [0, 1, 0], height: 2 });
  });

  it('keeps what is inside of a step below it', () => {
    const bars = [
      { fromMs: 0, toMs: 10, depth: 0 },
      { fromMs: 1, toMs: 2, depth: 1 },
      { fromMs: 20, toMs: 30, depth: 0 },
    ];
    expect(packRows(bars, ({ depth }) => depth)).toEqual({ rows: [0, 1, 0], height: 2 });
  });
});
