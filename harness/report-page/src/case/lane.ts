// One lane of the timeline: what is drawn on its strip, what it says at an instant, and what stands under the pointer.

import type { Palette } from '../shared/theme.ts';
import type { TimeAxis } from './time-axis.ts';

export interface LaneDrawing {
  context: CanvasRenderingContext2D;
  axis: TimeAxis;
  palette: Palette;
  width: number;
  height: number;
}

/** Something on a lane that can be named, found again and gone to. */
export interface Mark {
  fromMs: number;
  toMs: number;
  /** One line. */
  title: string;
  kind: string;
  more?: string | undefined;
  isBad?: boolean;
  onChoose?: (() => void) | undefined;
}

export interface Lane {
  id: string;
  label: string;
  /** CSS pixels. */
  height: number;
  draw(drawing: LaneDrawing): void;
  /** What it says at an instant, short; empty when nothing. */
  read(atMs: number): string;
  /** Everything on it in words, for the list and for those who do not see the strip. */
  marks: Mark[];
  /** The mark at a place, where it is not simply the one whose time it is. */
  rowOf?(mark: Mark): { y: number; height: number };
}

const REACH_PX = 5;

/** The mark under the pointer: the shortest of those that reach there. */
export function markAt(lane: Lane, axis: TimeAxis, x: number, y: number): Mark | undefined {
  let best: Mark | undefined;
  for (const mark of lane.marks) {
    if (axis.x(mark.fromMs) - REACH_PX > x || axis.x(mark.toMs) + REACH_PX < x) continue;
    const row = lane.rowOf?.(mark);
    if (row && (y < row.y - 1 || y > row.y + row.height + 1)) continue;
    if (!best || mark.toMs - mark.fromMs <= best.toMs - best.fromMs) best = mark;
  }
  return best;
}
