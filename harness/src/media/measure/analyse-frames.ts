// Judges the run of frame numbers: what was lost, came twice, went back, could not be read, or belongs to another run.

import type { FramesMeasure } from '../../model/measurements.ts';
import { IDENTITY_GROUPS, identityBits, MAX_FRAME_NUMBER } from '../test-card.ts';
import { cardRate } from './card-rate.ts';
import { type FrameTrace, UNREADABLE } from './read-frames.ts';

/** What was published, as far as measures need it. A `Fixture` is one. */
export interface Published {
  path: string;
  frames: number;
  frameRate: number;
  durationMs: number;
  width: number;
  height: number;
  /** First and last frame that were published, when not all of the fixture was. */
  firstFrame?: number;
  lastFrame?: number;
  /** The 24-bit identity that its frames carry. */
  identity?: number;
  /** File with one hash a decoded frame; without it the fixture is decoded when pictures are compared. */
  frameHashes?: string;
}

type Defect = FramesMeasure['defects'][number];

const MAX_DEFECTS = 50;

/**
 * Frames that carry another run's identity, or a number that the publication does not have, are not counted as seen: what
 * they stand in the place of is lost.
 */
export function analyseFrames(trace: FrameTrace, published?: Published): FramesMeasure {
  const identity = published?.identity ?? learnIdentity(trace);
  const seen = new SeenNumbers();
  const measure: FramesMeasure & { stale: number } = {
    total: trace.numbers.length,
    unreadable: 0,
    stale: 0,
    lost: 0,
    duplicated: 0,
    backward: 0,
    frameRate: published?.frameRate ?? cardRate(trace) ?? Number(overallRate(trace).toFixed(3)),
    defects: [],
  };
  let previous = -1;
  let highest = -1;
  let lowest = Number.POSITIVE_INFINITY;
  const defects: (Defect & { until: number })[] = [];
  const defect = (kind: Defect['kind'], index: number, number?: number, count = 1) => {
    const last = defects.at(-1);
    // A run of the same defect is one entry.
    if (last?.kind === kind && last.until === index - 1 && kind !== 'lost') {
      last.count += count;
      last.until = index;
    } else if (defects.length < MAX_DEFECTS) {
      const atMs = trace.ptsMs.at(index);
      defects.push({ kind, atMs, ...(number === undefined ? {} : { number }), count, until: index });
    }
  };
  for (let index = 0; index < trace.numbers.length; index += 1) {
    const number = trace.numbers.at(index);
    if (number === UNREADABLE || (published && number >= published.frames)) {
      measure.unreadable += 1;
      defect('unreadable', index);
      continue;
    }
    if (identity !== undefined && trace.identities.at(index) !== identityBits(identity, number)) {
      measure.stale += 1;
      defect('stale', index, number);
      continue;
    }
    if (!seen.add(number)) {
      measure.duplicated += 1;
      defect('duplicated', index, number);
    }
    if (number < previous) {
      measure.backward += 1;
      defect('backward', index, number);
    }
    if (number > highest + 1 && highest >= 0) defect('lost', index, highest + 1, number - highest - 1);
    previous = number;
    highest = Math.max(highest, number);
    lowest = Math.min(lowest, number);
  }
  if (highest >= 0) {
    measure.first = lowest;
    measure.last = highest;
    measure.lost = highest - lowest + 1 - seen.size;
    if (published) {
      const { firstFrame = 0, lastFrame = published.frames - 1 } = published;
      measure.missingAtStart = Math.max(0, lowest - firstFrame);
      measure.missingAtEnd = Math.max(0, lastFrame - highest);
    }
  }
  measure.defects = defects
    .filter((each) => each.kind !== 'lost' || !cameLater(each, seen))
    .map(({ until: _until, ...each }) => each);
  return measure;
}

/** A set of frame numbers in 2 MB, however many there are. */
class SeenNumbers {
  readonly #bits = new Uint8Array((MAX_FRAME_NUMBER + 1) / 8);
  size = 0;

  has(number: number): boolean {
    return ((this.#bits[number >> 3] as number) & (1 << (number & 7))) !== 0;
  }

  /** False when it was there already. */
  add(number: number): boolean {
    if (this.has(number)) return false;
    this.#bits[number >> 3] = (this.#bits[number >> 3] as number) | (1 << (number & 7));
    this.size += 1;
    return true;
  }
}

/** Number of the first frame of the publication, not of an earlier run, that can be read; undefined when there is none. */
export function firstOwnFrame(trace: FrameTrace, { frames, identity }: Published): number | undefined {
  return trace.numbers
    .view()
    .find(
      (number, i) =>
        number !== UNREADABLE &&
        number < frames &&
        (identity === undefined || trace.identities.at(i) === identityBits(identity, number)),
    );
}

/** Whether numbers that were skipped all came after all, out of order. */
function cameLater({ number, count }: Defect, seen: SeenNumbers): boolean {
  if (number === undefined) return false;
  for (let each = number; each < number + count; each += 1) if (!seen.has(each)) return false;
  return true;
}

/** The identity that most frames agree on, when the publication is not known; undefined without readable frames. */
function learnIdentity(trace: FrameTrace): number | undefined {
  const votes = Array.from({ length: IDENTITY_GROUPS }, () => new Uint32Array(64));
  let readable = 0;
  for (let index = 0; index < trace.numbers.length; index += 1) {
    const number = trace.numbers.at(index);
    if (number === UNREADABLE) continue;
    readable += 1;
    const group = votes[number % IDENTITY_GROUPS] as Uint32Array;
    const bits = trace.identities.at(index);
    group[bits] = (group[bits] as number) + 1;
  }
  if (readable === 0) return undefined;
  return votes.reduce((identity, group, index) => identity | (group.indexOf(Math.max(...group)) << (6 * index)), 0);
}

/** Frames a second over the whole recording, by their PTS: for pictures without a card. */
function overallRate(trace: FrameTrace): number {
  const pts = trace.ptsMs.view();
  const spanMs = (pts.at(-1) ?? 0) - (pts[0] ?? 0);
  return spanMs > 0 ? ((pts.length - 1) * 1000) / spanMs : 0;
}
