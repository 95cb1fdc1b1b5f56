// Merges video with the paired audio in time order and lets each tag go when its time has come: a constant lag behind the source.

import type { CancelTimer, Clock } from './clock.ts';
import { FLV_VIDEO, type FlvTag } from './flv.ts';

export interface PacerOptions {
  clock: Clock;
  /** From the first paired audio to the first tag out: absorbs jitter in later answers. */
  marginMs: number;
  /** Returns false when the receiver wants no more until `resume` is called. */
  write: (tag: FlvTag) => boolean;
  /** The pacer had nothing to send when it was due: the lag to the source is now greater by `growthMs`. */
  onLagGrowth?: (growthMs: number) => void;
  /** All is written after `end`. */
  onDrained: () => void;
}

/** Lateness up to this is caught up with; beyond it, catching up would be a visible rush, so the lag grows instead. */
const LAG_GROWTH_THRESHOLD_MS = 250;
const MIN_TIMER_MS = 4;

export class Pacer {
  readonly #options: PacerOptions;
  #video = new TagQueue();
  #audio = new TagQueue();
  /** Video may go only as far as there is audio to go with it. */
  #audioUntilMs = Number.NEGATIVE_INFINITY;
  /** `clock.now()` at which timestamp 0 is due; unknown until the first audio. */
  #baseMs: number | undefined;
  #starved = false;
  #blocked = false;
  #ending = false;
  #drained = false;
  #cancelTimer: CancelTimer | undefined;

  constructor(options: PacerOptions) {
    this.#options = options;
  }

  /** Milliseconds of media waiting here. */
  get bufferedMs(): number {
    return Math.max(this.#video.spanMs, this.#audio.spanMs);
  }

  add(tag: FlvTag): void {
    if (tag.type === FLV_VIDEO) {
      this.#video.push(tag);
    } else {
      this.#audio.push(tag);
      this.#audioUntilMs = tag.timestampMs;
      this.#baseMs ??= this.#options.clock.now() + this.#options.marginMs - this.#firstTimestampMs();
    }
    this.#schedule();
  }

  /** Nothing more will be added; what is here goes out in its time. */
  end(): void {
    this.#ending = true;
    this.#audioUntilMs = Number.POSITIVE_INFINITY;
    this.#baseMs ??= this.#options.clock.now() - this.#firstTimestampMs();
    this.#run();
  }

  /** The receiver takes tags again. */
  resume(): void {
    this.#blocked = false;
    this.#run();
  }

  close(): void {
    this.#drained = true;
    this.#cancelTimer?.();
  }

  #firstTimestampMs(): number {
    return Math.min(this.#video.head?.timestampMs ?? Number.POSITIVE_INFINITY, this.#audio.head?.timestampMs ?? 0);
  }

  #schedule(): void {
    if (this.#cancelTimer === undefined && !this.#drained) this.#run();
  }

  #run(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#baseMs === undefined || this.#blocked || this.#drained) return;
    for (;;) {
      const queue = this.#nextQueue();
      const tag = queue?.head;
      if (!queue || !tag) {
        this.#starved = true;
        break;
      }
      const lateMs = this.#options.clock.now() - (this.#baseMs + tag.timestampMs);
      if (lateMs < 0) {
        this.#starved = false;
        this.#wakeIn(-lateMs);
        return;
      }
      if (this.#starved && lateMs > LAG_GROWTH_THRESHOLD_MS && !this.#ending) {
        this.#baseMs += lateMs;
        this.#options.onLagGrowth?.(lateMs);
      }
      this.#starved = false;
      queue.shift();
      if (!this.#options.write(tag)) {
        this.#blocked = true;
        return;
      }
    }
    if (this.#ending && this.#video.size === 0 && this.#audio.size === 0) {
      this.#drained = true;
      this.#options.onDrained();
    }
  }

  #wakeIn(delayMs: number): void {
    this.#cancelTimer = this.#options.clock.after(Math.max(MIN_TIMER_MS, delayMs), () => {
      this.#cancelTimer = undefined;
      this.#run();
    });
  }

  /** The queue whose head is next in time and may go. Video wins a tie, so that a keyframe opens the stream. */
  #nextQueue(): TagQueue | undefined {
    const video = this.#video.head;
    const audio = this.#audio.head;
    if (video && video.timestampMs <= this.#audioUntilMs && (!audio || video.timestampMs <= audio.timestampMs)) {
      return this.#video;
    }
    return audio ? this.#audio : undefined;
  }
}

/** First in, first out, without shifting a long array for every tag. */
class TagQueue {
  #tags: FlvTag[] = [];
  #start = 0;

  get size(): number {
    return this.#tags.length - this.#start;
  }

  get head(): FlvTag | undefined {
    return this.#tags[this.#start];
  }

  get spanMs(): number {
    const first = this.head;
    return first ? (this.#tags.at(-1)?.timestampMs ?? first.timestampMs) - first.timestampMs : 0;
  }

  push(tag: FlvTag): void {
    this.#tags.push(tag);
  }

  shift(): void {
    this.#start += 1;
    if (this.#start > 256) {
      this.#tags.splice(0, this.#start);
      this.#start = 0;
    }
  }
}
