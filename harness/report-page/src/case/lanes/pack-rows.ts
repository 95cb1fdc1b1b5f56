// Puts bars that overlap in time below each other.

export interface Packed {
  /** Row of each bar. */
  rows: number[];
  /** How many rows there are. */
  height: number;
}

/** `levelOf`: bars of a deeper level never stand above those of a shallower one. */
export function packRows<T extends { fromMs: number; toMs: number }>(
  bars: readonly T[],
  levelOf: (bar: T) => number = () => 0,
): Packed {
  const levels = [...new Set(bars.map(levelOf))].sort((a, b) => a - b);
  const rows = new Array<number>(bars.length).fill(0);
  let base = 0;
  for (const level of levels) {
    const ends: number[] = [];
    for (const [index, bar] of bars.entries()) {
      if (levelOf(bar) !== level) continue;
      const free = ends.findIndex((end) => end <= bar.fromMs);
      const row = free < 0 ? ends.length : free;
      ends[row] = bar.toMs;
      rows[index] = base + row;
    }
    base += ends.length;
  }
  return { rows, height: Math.max(1, base) };
}
