// Presentation times of a constant frame rate, freed of what transport adds to them: a receiver that maps RTP times by RTCP reports (RFC 3550,
// 6.4.1) moves all times by some milliseconds with a report, each track by its own amount, and the sound would wander against the picture.

import { ReceiverSteps } from './receiver-steps.ts';

/** Frames a second that sources have. */
const RATES = [10, 12, 12.5, 15, 20, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 48, 50, 60_000 / 1001, 60];
/** A window's slope is off by at most so much, as times are whole milliseconds. */
const SLOPE_TOLERANCE = 0.001;
/** Rounding and a report's step stay under this; what is further off is not late by transport but another frame rate, or none. */
const ON_GRID_MS = 7;
/** Of a frame's duration at most: else times at random would mostly be on the grid. */
const ON_GRID_SHARE = 0.3;
/** Over the rounding of times. */
const EXACT_MS = 1.5;
const LEAST_FRAMES = 12;
/** Of a window's frames. ffmpeg labels the first ones by guess. */
const LEAST_SHARE = 0.75;
/** So many more frames off the grid than happen to be on it: it is none. */
const MOST_ASTRAY = 8;
const BY_CHANCE = 0.25;
/** What is further off for long than a report's step is drift, and is followed by 4 ms a second. */
const FOLLOW_START_MS = 4.5;
const FOLLOW_STOP_MS = 0.25;
const FOLLOW_RATE = 0.004;
const SMOOTHING = 1 / 64;

type Point = readonly [number, number];

export interface LearntGrid {
  grid: FrameGrid;
  /** In whole milliseconds. */
  placed: number[];
}

export class FrameGrid {
  readonly #frameMs: number;
  #anchorMs: number;
  #meanErrorMs = 0;
  #following = false;
  #astray = 0;
  readonly #steps = new ReceiverSteps();
  #lastErrorMs = 0;

  private constructor(frameMs: number, anchorMs: number) {
    this.#frameMs = frameMs;
    this.#anchorMs = anchorMs;
  }

  /**
   * From the presentation times of a first window, in any order: the grid, and where on it these times belong, in the same order. Undefined when
   * they are those of no constant rate.
   */
  static learn(times: readonly number[]): LearntGrid | undefined {
    const sorted = [...times].sort((a, b) => a - b);
    if (sorted.length < LEAST_FRAMES) return undefined;
    const distances = sorted.slice(1).map((time, index) => time - (sorted[index] ?? time));
    const median = middle(distances);
    // Frames may be missing; what matters is which number each frame would have.
    const numbered: Point[] = [];
    let number = 0;
    for (const [index, time] of sorted.entries()) {
      if (index > 0) number += Math.max(1, Math.round((distances[index - 1] ?? median) / median));
      numbered.push([number, time]);
    }
    const roughMs = roughSlope(numbered);
    const near = nearest(numbered, roughMs, toleranceMs(roughMs));
    if (near.length < LEAST_SHARE * numbered.length) return undefined;
    const exact = nearest(numbered, roughMs, EXACT_MS);
    const slope = slopeOf(exact.length >= LEAST_SHARE * numbered.length ? exact : near);
    const frameMs =
      RATES.map((rate) => 1000 / rate).sort((a, b) => Math.abs(a - slope) - Math.abs(b - slope))[0] ?? slope;
    if (Math.abs(frameMs - slope) > Math.max(SLOPE_TOLERANCE * frameMs, 1 / sorted.length)) return undefined;
    const anchorMs = middle(numbered.map(([index, time]) => time - index * frameMs));
    const numberOf = new Map(numbered.map(([index, time]) => [time, index]));
    return {
      grid: new FrameGrid(frameMs, anchorMs),
      placed: times.map((time) => Math.round(anchorMs + (numberOf.get(time) ?? 0) * frameMs)),
    };
  }

  /** The frame's time on the grid, in whole milliseconds; undefined when the stream has left it for good: then times are what they are. */
  place(ptsMs: number): number | undefined {
    const jumpMs = this.#errorOf(ptsMs) - this.#lastErrorMs;
    const stepped = this.#steps.notice(jumpMs);
    const errorMs = this.#errorOf(ptsMs);
    this.#lastErrorMs = errorMs;
    const onGridMs = ptsMs - this.#steps.shiftMs - errorMs;
    // A step now and then is a receiver's; times that step all the time are those of another rate.
    if (stepped && Math.abs(jumpMs) > toleranceMs(this.#frameMs)) this.#astray += 1;
    if (Math.abs(errorMs) > toleranceMs(this.#frameMs)) {
      this.#astray += 1;
      return this.#astray >= MOST_ASTRAY ? undefined : ptsMs;
    }
    if (this.#astray >= MOST_ASTRAY) return undefined;
    this.#astray = Math.max(0, this.#astray - BY_CHANCE);
    this.#meanErrorMs += (errorMs - this.#meanErrorMs) * SMOOTHING;
    if (Math.abs(this.#meanErrorMs) > FOLLOW_START_MS) this.#following = true;
    if (Math.abs(this.#meanErrorMs) < FOLLOW_STOP_MS) this.#following = false;
    if (this.#following) {
      const step = Math.sign(this.#meanErrorMs) * Math.min(Math.abs(this.#meanErrorMs), FOLLOW_RATE * this.#frameMs);
      this.#anchorMs += step;
      this.#meanErrorMs -= step;
    }
    return Math.round(onGridMs);
  }

  /** How far the time is from the nearest point of the grid. */
  #errorOf(ptsMs: number): number {
    const sinceMs = ptsMs - this.#steps.shiftMs - this.#anchorMs;
    return sinceMs - Math.round(sinceMs / this.#frameMs) * this.#frameMs;
  }
}

const toleranceMs = (frameMs: number): number => Math.min(ON_GRID_MS, ON_GRID_SHARE * frameMs);

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** The median of the slopes between points half a window apart (after Theil and Sen), which a few wrong times do not move. */
function roughSlope(points: readonly Point[]): number {
  const half = points.length >> 1;
  const slopes = points.slice(half).flatMap(([x, y], index) => {
    const [fromX, fromY] = points[index] ?? [x, y];
    return x === fromX ? [] : [(y - fromY) / (x - fromX)];
  });
  return middle(slopes);
}

/** The points that lie within `tolerance` of the line with this slope through most of them. */
function nearest(points: readonly Point[], slope: number, tolerance: number): Point[] {
  const anchor = middle(points.map(([x, y]) => y - x * slope));
  return points.filter(([x, y]) => Math.abs(y - x * slope - anchor) <= tolerance);
}

/** Least squares. */
function slopeOf(points: readonly Point[]): number {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0);
  const variance = points.reduce((sum, [px]) => sum + (px - x) ** 2, 0);
  return variance === 0 ? 0 : covariance / variance;
}
