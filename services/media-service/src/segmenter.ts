// Cuts continuous audio into segments of exactly the same length on the source clock.

import type { PcmFormat } from './labelled-pcm.ts';

export interface Segment {
  index: number;
  /** From the start of the stream. */
  startMs: number;
  startSample: number;
  durationMs: number;
  /** Interleaved. */
  samples: Int16Array;
  /** False for a remainder too short to be worth a fragment: it is published with its own audio and counted nowhere. */
  dubbable: boolean;
}

/**
 * A remainder shorter than this is no fragment. AAC priming alone makes the sound of a 60 s recording 60.02 to 60.05 s long, and nobody
 * says anything in half a second.
 */
export const MIN_FRAGMENT_MS = 500;

export interface SegmenterOptions extends PcmFormat {
  segmentDurationMs: number;
  onSegment: (segment: Segment) => void;
}

export class Segmenter {
  readonly #options: SegmenterOptions;
  #parts: Int16Array[] = [];
  #gathered = 0;
  #index = 0;

  constructor(options: SegmenterOptions) {
    this.#options = options;
  }

  /** Samples (per channel) waiting for their segment to be complete. */
  get pendingSamples(): number {
    return this.#gathered;
  }

  push(samples: Int16Array): void {
    const { channels } = this.#options;
    let rest = samples;
    while (rest.length > 0) {
      const missing = this.#boundary(this.#index + 1) - this.#boundary(this.#index) - this.#gathered;
      const part = rest.subarray(0, missing * channels);
      rest = rest.subarray(part.length);
      this.#parts.push(part);
      this.#gathered += part.length / channels;
      if (part.length / channels === missing) this.#cut(true);
    }
  }

  /** The stream is over: cuts what is left, however short. */
  end(): void {
    if (this.#gathered === 0) return;
    const remainderMs = (this.#gathered * 1000) / this.#options.sampleRateHz;
    this.#cut(this.#index === 0 || remainderMs >= MIN_FRAGMENT_MS);
  }

  /** In samples from the start: rounded from the exact time, so that rounding never adds up. */
  #boundary(index: number): number {
    return Math.round((index * this.#options.segmentDurationMs * this.#options.sampleRateHz) / 1000);
  }

  #cut(dubbable: boolean): void {
    const { channels, sampleRateHz, segmentDurationMs } = this.#options;
    const samples = new Int16Array(this.#gathered * channels);
    let offset = 0;
    for (const part of this.#parts) {
      samples.set(part, offset);
      offset += part.length;
    }
    const segment: Segment = {
      index: this.#index,
      startMs: this.#index * segmentDurationMs,
      startSample: this.#boundary(this.#index),
      durationMs: (this.#gathered * 1000) / sampleRateHz,
      samples,
      dubbable,
    };
    this.#parts = [];
    this.#gathered = 0;
    this.#index += 1;
    this.#options.onSegment(segment);
  }
}
