import { describe, expect, it } from 'vitest';
import { FrameGrid } from '../src/frame-grid.ts';

const times = (rate: number, count: number, startMs = 119) =>
  Array.from({ length: count }, (_, index) => Math.round(startMs + (index * 1000) / rate));
const learned = (window: number[]) => (FrameGrid.learn(window) ?? expect.fail('no grid')).grid;

describe('the grid of a constant frame rate', () => {
  it.each([24, 25, 24_000 / 1001, 30_000 / 1001, 30, 50, 60])('leaves times at %f a second as they are', (rate) => {
    const all = times(rate, 600);
    const grid = learned(all.slice(0, 24));
    for (const time of all) expect(Math.abs((grid.place(time) ?? Number.NaN) - time)).toBeLessThanOrEqual(1);
  });

  it.each([-4, 6, -11, 13])('does not follow a step of %d ms of a report', (stepMs) => {
    const all = times(30, 900);
    const grid = learned(all.slice(0, 24));
    for (const [index, time] of all.entries()) expect(grid.place(index < 300 ? time : time + stepMs)).toBe(time);
  });

  it('follows what stays off, slowly', () => {
    const all = times(30, 3000);
    const grid = learned(all.slice(0, 24));
    const placed = all.map((time, index) => grid.place(time + Math.min(5, index / 300)) ?? Number.NaN);
    expect(Math.abs((placed.at(-1) ?? 0) - ((all.at(-1) ?? 0) + 5))).toBeLessThanOrEqual(1);
    for (const [index, time] of placed.entries()) {
      if (index > 0) expect(Math.abs(time - (placed[index - 1] ?? 0) - 1000 / 30)).toBeLessThanOrEqual(1.2);
    }
  });

  it('keeps the place of frames that are missing, and takes frames in decode order', () => {
    const all = times(25, 100);
    const grid = learned(all.slice(0, 24).filter((_, index) => index % 7 !== 3));
    expect([all[90], all[60], all[61]].map((time) => grid.place(time ?? 0))).toEqual([all[90], all[60], all[61]]);
  });

  it.each([
    // As ffmpeg labelled the first second behind a server: the first time is a guess.
    [184, 201, 234, 267, 301, 334, 367, 401, 434, 467, 501, 534, 567, 601, 634, 667, 701, 734, 767, 801, 834, 867, 901],
    [160, 181, 214, 248, 281, 314, 348, 381, 414, 448, 481, 514, 548, 581, 614, 648, 681, 714, 748, 781, 814, 848, 881],
    [165, 192, 225, 259, 292, 325, 359, 392, 425, 459, 492, 525, 559, 592, 625, 659, 692, 725, 759, 792, 825, 859, 892],
  ])('puts a first frame labelled by guess (%d before %d) where it belongs', (...window) => {
    const { placed } = FrameGrid.learn(window) ?? expect.fail('no grid');
    for (const [index, time] of placed.entries())
      if (index > 0) expect(Math.abs(time - (window[index] ?? 0))).toBeLessThanOrEqual(1);
    expect(Math.abs((placed[0] ?? 0) - (window[1] ?? 0) + 1000 / 30)).toBeLessThanOrEqual(1);
  });

  it('is none where the rate is not constant, is of no kind that sources have, or is hardly seen', () => {
    let at = 0;
    const wild = Array.from({ length: 24 }, (_, index) => (at += 20 + ((index * 37) % 50)));
    expect(FrameGrid.learn(wild)).toBeUndefined();
    expect(FrameGrid.learn(times(17.3, 24))).toBeUndefined();
    expect(FrameGrid.learn(times(25, 5))).toBeUndefined();
  });

  it('is given up by a stream that leaves it', () => {
    const grid = learned(times(25, 24));
    const astray = Array.from({ length: 20 }, (_, index) => grid.place(2_000 + index * 47 + 20));
    expect(astray.slice(0, 3)).not.toContain(undefined);
    expect(astray).toContain(undefined);
  });
});
