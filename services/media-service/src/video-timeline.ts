// Gives every video frame the decode timestamp it needs: RTP carries presentation times only, and ffmpeg's guesses fail
// where frames are reordered.

import { type FlvTag, readVideoTag, retimeVideoTag } from './flv.ts';
import { FrameGrid } from './frame-grid.ts';

export interface TimedFrame {
  tag: FlvTag;
  ptsMs: number;
}

/** ffmpeg's parser loses the first frame's time; the ingest marks a time it does not know by one below this. */
export const UNKNOWN_BEFORE_MS = -1_000_000;
/** Look-ahead from which reordering is learnt: more than any H.264 stream reorders (16), within a second. */
const LOOKAHEAD_FRAMES = 24;
const LOOKAHEAD_MS = 1000;
const DEFAULT_FRAME_MS = 40;

interface Pending {
  tag: FlvTag;
  /** Undefined for a configuration record, which goes with the frame after it. */
  ptsMs: number | undefined;
}

export class VideoTimeline {
  readonly #emit: (frame: TimedFrame) => void;
  /** In decode order. */
  #pending: Pending[] = [];
  /** Presentation times not yet used as decode times. A frame's decode time is the smallest of them, `#reorderDepth` frames later. */
  #unusedTimes: number[] = [];
  /** How many frames at most are decoded before one that is shown before them; undefined until learnt. */
  #reorderDepth: number | undefined;
  #frameMs = DEFAULT_FRAME_MS;
  #emitted = 0;
  #lastDtsMs = Number.NEGATIVE_INFINITY;
  #lastPtsMs: number | undefined;
  /** Once learnt, of a stream with a constant frame rate. */
  #grid: FrameGrid | undefined;

  constructor(emit: (frame: TimedFrame) => void) {
    this.#emit = emit;
  }

  push(tag: FlvTag): void {
    const { kind, ptsMs } = readVideoTag(tag);
    if (kind === 'config') {
      this.#pending.push({ tag, ptsMs: undefined });
      return;
    }
    const known = ptsMs >= UNKNOWN_BEFORE_MS;
    // A time unknown later on: as good as any frame after the last.
    const time = known || this.#lastPtsMs === undefined ? this.#placed(ptsMs) : this.#lastPtsMs + this.#frameMs;
    if (time >= UNKNOWN_BEFORE_MS) {
      this.#lastPtsMs = time;
      this.#unusedTimes.push(time);
    }
    this.#pending.push({ tag, ptsMs: time });
    if (this.#windowIsFull()) this.#emitNext();
  }

  /** The source is over: everything still held goes out. */
  end(): void {
    while (this.#pending.length > 0) this.#emitNext();
  }

  #placed(ptsMs: number): number {
    if (!this.#grid) return ptsMs;
    const placed = this.#grid.place(ptsMs);
    if (placed === undefined) this.#grid = undefined;
    return placed ?? ptsMs;
  }

  #windowIsFull(): boolean {
    const times = this.#unusedTimes;
    if (this.#pending.length > LOOKAHEAD_FRAMES) return true;
    return times.length > 1 && Math.max(...times) - Math.min(...times) > LOOKAHEAD_MS;
  }

  #emitNext(): void {
    const depth = this.#reorderDepth ?? this.#learn();
    const next = this.#pending.shift();
    if (!next) return;
    if (next.ptsMs === undefined) {
      // Its own time means nothing; it takes effect with the next frame.
      this.#emit({ tag: { ...next.tag, timestampMs: this.#nextDts(depth, false) }, ptsMs: Number.NaN });
      this.#emitNext();
      return;
    }
    const dtsMs = this.#nextDts(depth, true);
    this.#emit({ tag: retimeVideoTag(next.tag, dtsMs, next.ptsMs), ptsMs: next.ptsMs });
  }

  #nextDts(depth: number, consume: boolean): number {
    const earliest = Math.min(...this.#unusedTimes);
    const ready = this.#emitted >= depth;
    const wanted = ready ? earliest : earliest - (depth - this.#emitted) * this.#frameMs;
    const dtsMs = Number.isFinite(wanted) ? Math.max(wanted, this.#lastDtsMs) : this.#lastDtsMs;
    if (!consume) return dtsMs;
    if (ready) this.#unusedTimes.splice(this.#unusedTimes.indexOf(earliest), 1);
    this.#emitted += 1;
    this.#lastDtsMs = dtsMs;
    return dtsMs;
  }

  /** From the first window: the distance of frames, the first one's time where it is unknown, and how deep frames are reordered. */
  #learn(): number {
    const sorted = [...this.#unusedTimes].sort((a, b) => a - b);
    const distances = sorted.slice(1).map((time, index) => time - (sorted[index] ?? time));
    distances.sort((a, b) => a - b);
    this.#frameMs = distances[distances.length >> 1] || DEFAULT_FRAME_MS;
    const first = this.#pending.find(({ ptsMs }) => ptsMs !== undefined);
    // A stream starts with a keyframe, and nothing is shown before it.
    if (first?.ptsMs !== undefined && first.ptsMs < UNKNOWN_BEFORE_MS) {
      first.ptsMs = (sorted[0] ?? this.#frameMs) - this.#frameMs;
      this.#unusedTimes.push(first.ptsMs);
    }
    const learnt = FrameGrid.learn(this.#unusedTimes);
    if (learnt) {
      this.#grid = learnt.grid;
      const placed = new Map(this.#unusedTimes.map((time, index) => [time, learnt.placed[index] ?? time]));
      this.#unusedTimes = learnt.placed;
      for (const each of this.#pending)
        if (each.ptsMs !== undefined) each.ptsMs = placed.get(each.ptsMs) ?? this.#placed(each.ptsMs);
    }
    const times = this.#pending.flatMap(({ ptsMs }) => (ptsMs === undefined ? [] : [ptsMs]));
    this.#reorderDepth = Math.max(
      0,
      ...times.map((time, index) => times.slice(0, index).filter((earlier) => earlier > time).length),
    );
    return this.#reorderDepth;
  }
}
