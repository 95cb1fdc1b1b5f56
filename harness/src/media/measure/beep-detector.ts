// Finds the beeps in the amplitudes of the eight pitches: when each began, to a fraction of a millisecond, and which it is.

import { BEEP_MS, PITCHES } from '../test-card.ts';
import { STEP_SAMPLES, STEPS_PER_MS, WINDOW_SAMPLES } from './tone-bank.ts';

export interface Beep {
  /** Where it began, counted in samples from the first one decoded; fractional. */
  sample: number;
  /** The second it belongs to, mod 8. */
  pitch: number;
  /** Amplitude on its plateau, of full scale. */
  level: number;
}

/** Quieter than this is no beep: 24 dB below what the fixture holds, and above what noise 14 dB below it makes in a window. */
const GATE = 0.03;
/** The pitch is read this long after the onset, when attack and pre-echo are over. */
const READ_AFTER = 40 * STEPS_PER_MS;
const RING = 256 * STEPS_PER_MS;
/** A second rise of the same pitch sooner than this is the same beep after a hole, not another one. */
const SAME_BEEP = 1.5 * BEEP_MS * STEPS_PER_MS;

export class BeepDetector {
  readonly #onBeep: (beep: Beep) => void;
  readonly #ring = new Float32Array(RING * PITCHES);
  #risenAt = -1;
  #sounding = -1;
  #lastOnset = Number.NEGATIVE_INFINITY;
  #lastPitch = -1;
  #heardUntil = 0;

  constructor(onBeep: (beep: Beep) => void) {
    this.#onBeep = onBeep;
  }

  push(pitches: Float32Array, step: number): void {
    this.#ring.set(pitches, (step % RING) * PITCHES);
    const strongest = indexOfMax(pitches);
    const level = pitches[strongest] as number;
    if (this.#sounding >= 0) {
      if ((pitches[this.#sounding] as number) > GATE / 2) this.#heardUntil = step;
      if (step - this.#heardUntil > 5 * STEPS_PER_MS) this.#sounding = -1;
      // A beep of another pitch that follows without a pause (a splice) is a beep of its own.
      else if (strongest === this.#sounding || level < GATE) return;
    }
    if (this.#risenAt < 0) {
      if (level >= GATE) this.#risenAt = step;
      return;
    }
    if (step - this.#risenAt < READ_AFTER) return;
    this.#risenAt = -1;
    if (level < GATE) return; // a click
    this.#sounding = strongest;
    this.#heardUntil = step;
    this.#locate(strongest, step);
  }

  /** Walks back from the plateau to where the amplitude crossed half of it, and from there half a window to the onset. */
  #locate(pitch: number, step: number): void {
    const at = (index: number) => this.#ring[(index % RING) * PITCHES + pitch] as number;
    let plateau = 0;
    for (let index = step - 10 * STEPS_PER_MS; index <= step; index += 1) plateau += at(index);
    plateau /= 10 * STEPS_PER_MS + 1;
    const half = plateau / 2;
    const oldest = Math.max(0, step - RING + 1);
    let after = step;
    while (after > oldest && at(after - 1) >= half) after -= 1;
    if (after === oldest) return; // longer than any beep, or it sounded before the recording began
    const before = at(after - 1);
    const crossing = after - 1 + (half - before) / (at(after) - before);
    const repeated = pitch === this.#lastPitch && crossing - this.#lastOnset < SAME_BEEP;
    this.#lastOnset = crossing;
    this.#lastPitch = pitch;
    if (repeated) return;
    // Reading `n` is of the window that ends after sample (n + 1) × STEP_SAMPLES.
    this.#onBeep({ sample: (crossing + 1) * STEP_SAMPLES - WINDOW_SAMPLES / 2, pitch, level: plateau });
  }
}

function indexOfMax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
}
