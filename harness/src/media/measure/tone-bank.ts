// Amplitudes of the card's nine tones over a sliding 5 ms window, one running I/Q sum a tone, read every quarter millisecond.

import { beepHz, PILOT_HZ, PITCHES } from '../test-card.ts';

/** The bank works at this rate; other rates are resampled by FFmpeg on the way in. */
export const BANK_RATE_HZ = 48_000;
/** 5 ms: one period of the pilot and a whole number of periods of every beep, so that the tones do not see each other. */
export const WINDOW_SAMPLES = BANK_RATE_HZ / PILOT_HZ;
/** Samples from one reading to the next. */
export const STEP_SAMPLES = 12;
export const STEPS_PER_MS = BANK_RATE_HZ / STEP_SAMPLES / 1000;

const TONES = PITCHES + 1;

/** Called with the amplitude of each pitch and of the pilot, for the window that ends after sample `(step + 1) × STEP_SAMPLES`. */
export type OnReading = (pitches: Float32Array, pilot: number, step: number) => void;

export class ToneBank {
  readonly #onReading: OnReading;
  readonly #window = new Float32Array(WINDOW_SAMPLES);
  readonly #cosines = new Float64Array(TONES * WINDOW_SAMPLES);
  readonly #sines = new Float64Array(TONES * WINDOW_SAMPLES);
  readonly #inPhase = new Float64Array(TONES);
  readonly #quadrature = new Float64Array(TONES);
  readonly #pitches = new Float32Array(PITCHES);
  #phase = 0;
  #untilReading = STEP_SAMPLES;
  #step = 0;

  constructor(onReading: OnReading) {
    this.#onReading = onReading;
    for (let tone = 0; tone < TONES; tone += 1) {
      const hz = tone < PITCHES ? beepHz(tone) : PILOT_HZ;
      for (let i = 0; i < WINDOW_SAMPLES; i += 1) {
        const angle = (2 * Math.PI * hz * i) / BANK_RATE_HZ;
        this.#cosines[tone * WINDOW_SAMPLES + i] = Math.cos(angle);
        this.#sines[tone * WINDOW_SAMPLES + i] = Math.sin(angle);
      }
    }
  }

  push(samples: Float32Array): void {
    const window = this.#window;
    const [cosines, sines, inPhase, quadrature] = [this.#cosines, this.#sines, this.#inPhase, this.#quadrature];
    let phase = this.#phase;
    let untilReading = this.#untilReading;
    for (let i = 0; i < samples.length; i += 1) {
      const sample = samples[i] as number;
      // The tones repeat with the window, so what a sample added 5 ms ago leaves with the same phase.
      const change = sample - (window[phase] as number);
      window[phase] = sample;
      if (change !== 0) {
        for (let tone = 0, at = phase; tone < TONES; tone += 1, at += WINDOW_SAMPLES) {
          inPhase[tone] = (inPhase[tone] as number) + change * (cosines[at] as number);
          quadrature[tone] = (quadrature[tone] as number) + change * (sines[at] as number);
        }
      }
      phase = phase + 1 === WINDOW_SAMPLES ? 0 : phase + 1;
      untilReading -= 1;
      if (untilReading === 0) {
        untilReading = STEP_SAMPLES;
        this.#read();
      }
    }
    this.#phase = phase;
    this.#untilReading = untilReading;
  }

  #read(): void {
    const amplitude = (tone: number) =>
      (2 / WINDOW_SAMPLES) * Math.hypot(this.#inPhase[tone] as number, this.#quadrature[tone] as number);
    for (let pitch = 0; pitch < PITCHES; pitch += 1) this.#pitches[pitch] = amplitude(pitch);
    this.#onReading(this.#pitches, amplitude(PITCHES), this.#step);
    this.#step += 1;
  }
}
