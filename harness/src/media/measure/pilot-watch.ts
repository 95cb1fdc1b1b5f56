// Watches the pilot tone: where it is missing, sound is missing. Without a pilot, stretches of digital silence are told instead.

import { BANK_RATE_HZ, STEP_SAMPLES, STEPS_PER_MS, WINDOW_SAMPLES } from './tone-bank.ts';

/** A stretch of samples, counted from the first one decoded. */
export interface SampleSpan {
  from: number;
  to: number;
}

interface PilotSecond {
  readings: Float32Array;
  /** How much the loudest change of a beep's amplitude was within the window: much of it, and the reading means nothing. */
  changes: Float32Array;
}

const SECOND = 1000 * STEPS_PER_MS;
/** A pilot quieter than this (−60 dB) is none. */
const FAINTEST = 0.001;
export const SHORTEST_GAP_MS = 5;
/** Its ends are found to a quarter of a ms each, so a gap of 5 ms may read half a ms less. */
const SHORTEST_GAP_SAMPLES = ((SHORTEST_GAP_MS - 0.5) / 1000) * BANK_RATE_HZ;
const SILENCE = 1e-4; // −80 dB of full scale: what a decoder makes of coded silence
/** Gaps beyond this many are counted no further: the verdict is clear and memory is not endless. */
const MAX_GAPS = 10_000;
/** Readings from before the pilot was first heard are kept for so long, to be judged once its level is known. */
const PENDING_SECONDS = 30;

export class PilotWatch {
  readonly #readings = new Float32Array(SECOND);
  readonly #changes = new Float32Array(SECOND);
  readonly #lastPitches: Float32Array[] = [];
  readonly #pilotGaps: SampleSpan[] = [];
  readonly #silences: SampleSpan[] = [];
  readonly #pending: PilotSecond[] = [];
  #filled = 0;
  #stepsDone = 0;
  #level = 0;
  #seconds = 0;
  #steadySeconds = 0;
  #missingFrom = 0;
  #missing = true;
  #changing = -1;
  #silentFrom = 0;
  #sample = 0;

  /** Takes the samples themselves, for digital silence. */
  pushSamples(samples: Float32Array): void {
    let at = this.#sample;
    for (let i = 0; i < samples.length; i += 1, at += 1) {
      const sample = samples[i] as number;
      if (sample < SILENCE && sample > -SILENCE) continue;
      if (at - this.#silentFrom >= SHORTEST_GAP_SAMPLES) keep(this.#silences, { from: this.#silentFrom, to: at });
      this.#silentFrom = at + 1;
    }
    this.#sample = at;
  }

  pushReading(pitches: Float32Array, pilot: number): void {
    // The edge of a beep spills into every tone for as long as the window holds it: what the pilot reads there means nothing.
    const back =
      this.#lastPitches.length === WINDOW_STEPS ? (this.#lastPitches.shift() as Float32Array) : pitches.slice();
    let change = 0;
    for (let i = 0; i < pitches.length; i += 1) {
      change = Math.max(change, Math.abs((pitches[i] as number) - (back[i] as number)));
    }
    back.set(pitches);
    this.#lastPitches.push(back);
    this.#readings[this.#filled] = pilot;
    this.#changes[this.#filled] = change;
    this.#filled += 1;
    if (this.#filled === SECOND) this.#judgeSecond();
  }

  /** Stretches without sound. The first entry may be the silence before the pilot was first heard. */
  finish(): { gaps: SampleSpan[]; pilotFound: boolean } {
    if (this.#filled > 0) this.#judgeSecond();
    const pilotFound = this.#seconds > 0 && this.#steadySeconds / this.#seconds >= 0.25;
    if (pilotFound) {
      if (this.#missing) this.#close(this.#sample);
      return { gaps: this.#pilotGaps, pilotFound };
    }
    if (this.#sample - this.#silentFrom >= SHORTEST_GAP_SAMPLES) {
      keep(this.#silences, { from: this.#silentFrom, to: this.#sample });
    }
    return { gaps: this.#silences, pilotFound };
  }

  /** A second is judged when it is complete: its own median says how loud the pilot is, unless it is mostly missing. */
  #judgeSecond(): void {
    const readings = this.#readings.subarray(0, this.#filled);
    const sorted = readings.slice().sort();
    const quantile = (q: number) => sorted[Math.floor(q * (sorted.length - 1))] as number;
    const median = quantile(0.5);
    const steady = median > FAINTEST && quantile(0.2) > 0.7 * median && quantile(0.8) < 1.4 * median;
    this.#seconds += 1;
    if (steady) this.#steadySeconds += 1;
    if (steady && (this.#level === 0 || (median > this.#level / 2 && median < this.#level * 2))) this.#level = median;
    this.#pending.push({ readings: readings.slice(), changes: this.#changes.slice(0, this.#filled) });
    this.#filled = 0;
    // Without a pilot in sight there is nothing to judge by; what is given up here counts as missing.
    const known = this.#level > 0;
    while (this.#pending.length > (known ? 0 : PENDING_SECONDS)) {
      const { readings: old, changes } = this.#pending.shift() as PilotSecond;
      for (let i = 0; known && i < old.length; i += 1) {
        this.#judge(old[i] as number, (changes[i] as number) > this.#level / 4, this.#stepsDone + i);
      }
      this.#stepsDone += old.length;
    }
  }

  #judge(pilot: number, transient: boolean, step: number): void {
    if (transient) {
      if (this.#changing < 0) this.#changing = step;
      return;
    }
    // What changed while nothing could be read is taken to have changed when that began.
    const since = this.#changing >= 0 ? this.#changing : step;
    this.#changing = -1;
    const missing = pilot < this.#level / 2;
    if (missing === this.#missing) return;
    const sample = Math.max(0, (since + 1) * STEP_SAMPLES - WINDOW_SAMPLES / 2);
    if (missing) this.#missingFrom = sample;
    else this.#close(sample);
    this.#missing = missing;
  }

  #close(to: number): void {
    if (to - this.#missingFrom >= SHORTEST_GAP_SAMPLES) keep(this.#pilotGaps, { from: this.#missingFrom, to });
  }
}

const WINDOW_STEPS = WINDOW_SAMPLES / STEP_SAMPLES;

function keep(list: SampleSpan[], span: SampleSpan): void {
  if (list.length < MAX_GAPS) list.push(span);
}
