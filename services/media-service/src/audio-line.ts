// Lays decoded audio on the source clock: one sample after the other from the start of the picture, holes filled with
// silence, overlaps dropped, and slow drift between labels and sample count taken out by a slew nobody hears.

import type { PcmFormat, PcmFrame } from './labelled-pcm.ts';
import { stretch } from './stretch.ts';

export interface AudioLineOptions extends PcmFormat {
  /** Where position 0 lies on the source clock. */
  originMs: number;
  /** Takes the continuous audio, in order. */
  emit: (samples: Int16Array) => void;
  onEvent?: (event: AudioLineEvent) => void;
}

export type AudioLineEvent =
  | { kind: 'hole filled'; durationMs: number; atMs: number }
  | { kind: 'overlap dropped'; durationMs: number; atMs: number }
  | { kind: 'drift correction started' | 'drift correction ended'; driftMs: number; atMs: number };

/** A label further than this from the count is not drift but a hole or an overlap in the source. */
const DISCONTINUITY_MS = 100;
/** Label noise (RTP and FLV round timestamps) stays under this. */
const SLEW_START_MS = 3;
const SLEW_STOP_MS = 0.25;
/** 4 ms a second, 7 cents of pitch: under what is heard, and 200 times the drift of a bad crystal. */
const SLEW_RATE = 0.004;
/** Weight of one frame's error in the running mean of about 1.4 s of AAC frames: a few wrong labels are no drift. */
const SMOOTHING = 1 / 64;
/** One label far in the future must not allocate without bound. */
const MAX_HOLE_MS = 30_000;

export class AudioLine {
  readonly #options: AudioLineOptions;
  readonly #originSamples: number;
  #position = 0;
  /** The next sample is placed exactly: at the start, and until a break in the source has been dealt with. */
  #placing = true;
  #started = false;
  #meanErrorSamples = 0;
  #slewing = false;

  constructor(options: AudioLineOptions) {
    this.#options = options;
    this.#originSamples = Math.round((options.originMs * options.sampleRateHz) / 1000);
  }

  /** Samples (per channel) emitted so far: the audio is complete up to here. */
  get position(): number {
    return this.#position;
  }

  push(frame: PcmFrame): void {
    const { channels, sampleRateHz } = this.#options;
    const label = frame.ptsSamples - this.#originSamples;
    let samples = frame.samples;
    let error = label - this.#position;
    const discontinuity = (DISCONTINUITY_MS * sampleRateHz) / 1000;
    if (this.#placing || Math.abs(error) > discontinuity) {
      this.#placing = true;
      if (error < 0) {
        const drop = Math.min(-error, samples.length / channels);
        samples = samples.subarray(drop * channels);
        if (this.#started) this.#report({ kind: 'overlap dropped', durationMs: this.#toMs(drop), atMs: this.#atMs() });
        if (samples.length === 0) return;
      } else {
        this.#fill(error);
      }
      this.#placing = false;
      this.#started = true;
      this.#meanErrorSamples = 0;
      error = 0;
    }
    this.#emit(this.#slew(samples, error));
  }

  /** The source has gone quiet: fills with silence up to `positionSamples`. What arrives for that time later is dropped. */
  fillUntil(positionSamples: number): void {
    this.#started = true;
    this.#placing = true;
    this.#fill(positionSamples - this.#position);
  }

  #fill(count: number): void {
    const bounded = Math.min(count, Math.round((MAX_HOLE_MS * this.#options.sampleRateHz) / 1000));
    if (bounded <= 0) return;
    if (this.#started) this.#report({ kind: 'hole filled', durationMs: this.#toMs(bounded), atMs: this.#atMs() });
    this.#emit(new Int16Array(bounded * this.#options.channels));
  }

  #slew(samples: Int16Array, error: number): Int16Array {
    const { channels } = this.#options;
    const count = samples.length / channels;
    this.#meanErrorSamples += (error - this.#meanErrorSamples) * SMOOTHING;
    const driftMs = this.#toMs(this.#meanErrorSamples);
    if (!this.#slewing && Math.abs(driftMs) > SLEW_START_MS) {
      this.#slewing = true;
      this.#report({ kind: 'drift correction started', driftMs, atMs: this.#atMs() });
    }
    if (!this.#slewing) return samples;
    const most = Math.max(1, Math.round(count * SLEW_RATE));
    const change = Math.max(-most, Math.min(most, Math.round(this.#meanErrorSamples)));
    this.#meanErrorSamples -= change;
    if (Math.abs(this.#toMs(this.#meanErrorSamples)) < SLEW_STOP_MS) {
      this.#slewing = false;
      this.#report({ kind: 'drift correction ended', driftMs: this.#toMs(this.#meanErrorSamples), atMs: this.#atMs() });
    }
    return stretch(samples, count + change, channels);
  }

  #emit(samples: Int16Array): void {
    this.#position += samples.length / this.#options.channels;
    this.#options.emit(samples);
  }

  #report(event: AudioLineEvent): void {
    this.#options.onEvent?.(event);
  }

  #toMs(samples: number): number {
    return (samples * 1000) / this.#options.sampleRateHz;
  }

  #atMs(): number {
    return this.#toMs(this.#position);
  }
}
