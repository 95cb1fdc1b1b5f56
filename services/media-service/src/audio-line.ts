// Lays decoded audio on the source clock: one sample after the other from the start of the picture, holes filled with
// silence, overlaps dropped, and slow drift between labels and sample count taken out by a slew nobody hears.

import type { PcmFormat, PcmFrame } from './labelled-pcm.ts';
import { ReceiverSteps } from './receiver-steps.ts';
import { stretch } from './stretch.ts';

export interface AudioLineOptions extends PcmFormat {
  /** Where position 0 lies on the source clock. */
  originMs: number;
  /** Takes the continuous audio, in order. */
  emit: (samples: Int16Array) => void;
  onEvent?: (event: AudioLineEvent) => void;
}

export interface AudioLineEvent {
  /** `timestamps jumped`: nothing can be made of it, and the frame was ignored. */
  kind: 'hole filled' | 'overlap dropped' | 'timestamps jumped' | 'drift correction started' | 'drift correction ended';
  /** How much was filled or dropped, or how far label and count are apart. */
  durationMs: number;
  /** From the start of the stream. */
  atMs: number;
}

/** A label further than this from the count is not drift but a hole or an overlap in the source. */
const DISCONTINUITY_MS = 100;
/** Much longer than one RTP packet of sound, much shorter than a segment. */
const SETTLING_MS = 1000;
/** Over the rounding of RTP and FLV times, and over small steps that a receiver makes at RTCP reports; nobody perceives it. */
const SLEW_START_MS = 8;
const SLEW_STOP_MS = 0.25;
/** 4 ms a second, 7 cents of pitch: under what is heard, and 200 times the drift of a bad crystal. */
const SLEW_RATE = 0.004;
/** Weight of one frame's error in the running mean of about 1.4 s of AAC frames: a few wrong labels are no drift. */
const SMOOTHING = 1 / 64;
/** A label further away than this belongs to another timeline. */
const MAX_BREAK_MS = 30_000;

export class AudioLine {
  readonly #options: AudioLineOptions;
  readonly #originSamples: number;
  #position = 0;
  /** The next sample is placed exactly: at the start, and until a break in the source has been dealt with. */
  #placing = true;
  #started = false;
  #dropped = 0;
  /** Frames of the first moments, until it is clear where they belong. */
  #early: PcmFrame[] | undefined = [];
  #meanErrorSamples = 0;
  #slewing = false;
  readonly #steps = new ReceiverSteps();
  /** The label that the next frame has when nothing is lost or moved. */
  #nextLabel: number | undefined;

  constructor(options: AudioLineOptions) {
    this.#options = options;
    this.#originSamples = Math.round((options.originMs * options.sampleRateHz) / 1000);
  }

  /** Samples (per channel) emitted so far: the audio is complete up to here. */
  get position(): number {
    return this.#position;
  }

  push(frame: PcmFrame): void {
    if (!this.#early) {
      this.#lay(frame);
      return;
    }
    this.#early.push(frame);
    const gathered = this.#early.reduce((sum, { samples }) => sum + samples.length, 0) / this.#options.channels;
    if (this.#toMs(gathered) >= SETTLING_MS) this.#settleStart();
  }

  /** The source is over: lays what is still held back. */
  end(): void {
    this.#settleStart();
  }

  /**
   * ffmpeg labels the sound before the second RTP packet by guess, up to one frame wrong, and corrects itself only then. So the start is placed
   * where most of the first second says it is.
   */
  #settleStart(): void {
    const frames = this.#early ?? [];
    this.#early = undefined;
    let count = 0;
    const starts = frames.map(({ ptsSamples, samples }) => {
      const start = ptsSamples - count;
      count += samples.length / this.#options.channels;
      return start;
    });
    const agreed = [...starts].sort((a, b) => a - b)[starts.length >> 1] ?? 0;
    const tolerance = (DISCONTINUITY_MS * this.#options.sampleRateHz) / 1000;
    for (const [index, frame] of frames.entries()) {
      const start = starts[index] ?? agreed;
      const guessed = Math.abs(start - agreed) <= tolerance;
      this.#lay(guessed ? { ...frame, ptsSamples: frame.ptsSamples - start + agreed } : frame);
    }
  }

  #lay(frame: PcmFrame): void {
    const { channels } = this.#options;
    let samples = frame.samples;
    let error = this.#labelOf(frame) - this.#originSamples - this.#position;
    const errorMs = this.#toMs(error);
    if (Math.abs(errorMs) > MAX_BREAK_MS) {
      this.#report('timestamps jumped', error);
      return;
    }
    if (this.#placing || Math.abs(errorMs) > DISCONTINUITY_MS) {
      this.#placing = true;
      if (error < 0) {
        const drop = Math.min(-error, samples.length / channels);
        this.#dropped += drop;
        samples = samples.subarray(drop * channels);
        if (samples.length === 0) return;
      }
      this.#place(error);
      error = 0;
    }
    this.#emit(this.#slew(samples, error));
  }

  /** Without the steps that the receiver made. */
  #labelOf({ ptsSamples, samples }: PcmFrame): number {
    const count = samples.length / this.#options.channels;
    this.#steps.notice(this.#toMs(ptsSamples - (this.#nextLabel ?? ptsSamples)), this.#toMs(count));
    this.#nextLabel = ptsSamples + count;
    return ptsSamples - Math.round((this.#steps.shiftMs * this.#options.sampleRateHz) / 1000);
  }

  /** The source has gone quiet: fills with silence up to `positionSamples`. What arrives for that time later is dropped. */
  fillUntil(positionSamples: number): void {
    this.#settleStart();
    this.#place(positionSamples - this.#position);
    this.#placing = true;
  }

  #place(holeSamples: number): void {
    if (this.#dropped > 0 && this.#started) this.#report('overlap dropped', this.#dropped);
    if (holeSamples > 0) {
      if (this.#started) this.#report('hole filled', holeSamples);
      this.#emit(new Int16Array(holeSamples * this.#options.channels));
    }
    this.#placing = false;
    this.#started = true;
    this.#dropped = 0;
    this.#meanErrorSamples = 0;
  }

  #slew(samples: Int16Array, error: number): Int16Array {
    const { channels } = this.#options;
    const count = samples.length / channels;
    this.#meanErrorSamples += (error - this.#meanErrorSamples) * SMOOTHING;
    const driftMs = this.#toMs(this.#meanErrorSamples);
    if (!this.#slewing && Math.abs(driftMs) > SLEW_START_MS) {
      this.#slewing = true;
      this.#report('drift correction started', this.#meanErrorSamples);
    }
    if (!this.#slewing) return samples;
    const most = Math.max(1, Math.round(count * SLEW_RATE));
    const change = Math.max(-most, Math.min(most, Math.round(this.#meanErrorSamples)));
    this.#meanErrorSamples -= change;
    if (Math.abs(this.#toMs(this.#meanErrorSamples)) < SLEW_STOP_MS) {
      this.#slewing = false;
      this.#report('drift correction ended', this.#meanErrorSamples);
    }
    return stretch(samples, count + change, channels);
  }

  #emit(samples: Int16Array): void {
    this.#position += samples.length / this.#options.channels;
    this.#options.emit(samples);
  }

  #report(kind: AudioLineEvent['kind'], samples: number): void {
    this.#options.onEvent?.({ kind, durationMs: this.#toMs(samples), atMs: this.#toMs(this.#position) });
  }

  #toMs(samples: number): number {
    return (samples * 1000) / this.#options.sampleRateHz;
  }
}
