import { describe, expect, test } from 'vitest';
import { decodeStrip, encodeStrip, flashFrame, flashSecond, identityBits, MAX_FRAME_NUMBER } from './test-card.ts';

const lumasOf = (cells: Uint8Array, white = 235, black = 16) => Array.from(cells, (cell) => (cell ? white : black));

describe('the strip', () => {
  test('reads back every number it writes, with its identity bits', () => {
    const numbers = [0, 1, 2, 1799, 5399, 65_535, 1_000_003, MAX_FRAME_NUMBER];
    for (const number of numbers) {
      const reading = decodeStrip(lumasOf(encodeStrip(number, 0xa5c31e)));
      expect(reading).toEqual({ number, identity: identityBits(0xa5c31e, number), margin: 1 });
    }
  });

  test('changes one number cell from a frame to the next, so that a blend of two frames is one of them', () => {
    for (let n = 0; n < 3000; n += 1) {
      const a = encodeStrip(n, 0);
      const b = encodeStrip(n + 1, 0);
      const changed = [2, 19, 22, 29].reduce((sum, from, i, edges) => {
        if (i % 2) return sum;
        for (let at = from; at < (edges[i + 1] ?? 0); at += 1) if (a[at] !== b[at]) sum += 1;
        return sum;
      }, 0);
      expect(changed).toBe(1);
    }
  });

  test('refuses every frame with one wrong cell', () => {
    const cells = encodeStrip(123_456, 0x0f0f0f);
    for (let at = 0; at < cells.length; at += 1) {
      const broken = Uint8Array.from(cells);
      broken[at] = broken[at] ? 0 : 1;
      expect(decodeStrip(lumasOf(broken))).toBeUndefined();
    }
  });

  test('refuses pictures without a card: black, white, grey', () => {
    for (const luma of [0, 16, 128, 235]) expect(decodeStrip(new Array(40).fill(luma))).toBeUndefined();
  });

  test('refuses a cell that lies near the threshold and reads low contrast that is clean', () => {
    const lumas = lumasOf(encodeStrip(77, 1));
    lumas[5] = 130;
    expect(decodeStrip(lumas)).toBeUndefined();
    expect(decodeStrip(lumasOf(encodeStrip(77, 1), 140, 60))?.number).toBe(77);
  });
});

test('a flash begins on a frame at or just after half past its second, at any rate', () => {
  for (const rate of [24, 25, 30_000 / 1001, 30, 50, 60]) {
    for (let second = 0; second < 100; second += 1) {
      const frame = flashFrame(second, rate);
      expect(frame / rate - (second + 0.5)).toBeGreaterThanOrEqual(-1e-9);
      expect(frame / rate - (second + 0.5)).toBeLessThan(1 / rate);
      expect(flashSecond(frame, rate)).toBe(second);
    }
  }
});
