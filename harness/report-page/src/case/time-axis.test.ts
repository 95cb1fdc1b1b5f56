import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TimeAxis } from './time-axis.ts';

let frames: (() => void)[] = [];
const frame = () => {
  for (const each of frames.splice(0)) each();
};

beforeEach(() => {
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => frames.push(callback));
});
afterEach(() => {
  frames = [];
  vi.unstubAllGlobals();
});

describe('TimeAxis', () => {
  it('zooms around an instant, which stays where it is', () => {
    const axis = new TimeAxis(0, 60_000, 0);
    const before = axis.x(15_000);
    axis.zoom(0.25, 15_000);
    expect(axis.spanMs).toBe(15_000);
    expect(axis.x(15_000)).toBeCloseTo(before);
  });

  it('never looks beyond the case, nor closer than can be drawn', () => {
    const axis = new TimeAxis(1_000, 61_000, 0);
    axis.look(10_000, 20_000);
    axis.pan(-60_000);
    expect([axis.fromMs, axis.toMs]).toEqual([1_000, 11_000]);
    axis.zoom(100);
    expect([axis.fromMs, axis.toMs]).toEqual([1_000, 61_000]);
    axis.zoom(1e-9);
    expect(axis.spanMs).toBe(20);
  });

  it('brings an instant into sight that is held', () => {
    const axis = new TimeAxis(0, 60_000, 0);
    axis.look(0, 10_000);
    axis.seek(40_000);
    expect([axis.fromMs, axis.toMs, axis.playheadMs]).toEqual([35_000, 45_000, 40_000]);
    axis.seek(999_999);
    expect(axis.playheadMs).toBe(60_000);
  });

  it('tells its listeners once a frame what has changed', () => {
    const axis = new TimeAxis(0, 60_000, 0);
    const told: string[][] = [];
    axis.listen((changed) => told.push([...changed]));
    axis.hover(1);
    axis.hover(2);
    axis.look(0, 5_000);
    frame();
    frame();
    expect(told).toEqual([['hover', 'view']]);
  });

  it('reads under the pointer, else at the playhead', () => {
    const axis = new TimeAxis(0, 60_000, 0);
    axis.seek(5_000);
    expect(axis.readMs).toBe(5_000);
    axis.hover(7_000);
    expect(axis.readMs).toBe(7_000);
  });
});
