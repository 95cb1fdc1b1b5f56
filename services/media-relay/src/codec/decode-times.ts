// Gives the frames of a stream that carries only presentation times (RTP) the decoding times that FLV wants.
//
// With a reordering depth of D frames, frame i is decoded when the (i − D)-th frame in display order is shown: for a constant frame
// rate that is what encoders write themselves. The first D frames have no such predecessor; they get the frames' distance before it.

/** A step backwards by more than this is a new timeline, not reordering. */
const RESTART_S = 1;

export class DecodeTimes {
  readonly #clockRate: number;
  readonly #frameTicks: number;
  #depth: number;
  /** Presentation times received and not yet used as a decoding time, ascending; `#depth` of them once running. */
  #ahead: number[] = [];
  #last = Number.NEGATIVE_INFINITY;
  #latest = Number.NEGATIVE_INFINITY;

  /** `depth` undefined: found out from the stream, by seeing how late frames come. */
  constructor(clockRate: number, depth: number | undefined, framesPerSecond: number | undefined) {
    this.#clockRate = clockRate;
    this.#depth = depth ?? 0;
    this.#frameTicks = clockRate / (framesPerSecond ?? 30);
  }

  next(ptsTicks: number): number {
    if (ptsTicks < this.#latest - RESTART_S * this.#clockRate) this.#restart();
    this.#latest = Math.max(this.#latest, ptsTicks);
    if (this.#last === Number.NEGATIVE_INFINITY) {
      for (let early = this.#depth; early > 0; early -= 1) this.#ahead.push(ptsTicks - early * this.#frameTicks);
    }
    const place = this.#ahead.findIndex((time) => time > ptsTicks);
    this.#ahead.splice(place < 0 ? this.#ahead.length : place, 0, ptsTicks);
    let dts = this.#ahead[0] ?? ptsTicks;
    if (dts <= this.#last) {
      // Deeper reordering than the stream said (or said nothing): go on from the last time, and wait for one frame more from here on.
      dts = Math.min(this.#last + 1, ptsTicks);
      if (this.#depth < 16) this.#depth += 1;
    } else {
      this.#ahead.shift();
    }
    if (this.#ahead.length > this.#depth) this.#ahead.splice(0, this.#ahead.length - this.#depth);
    this.#last = dts;
    return dts;
  }

  #restart(): void {
    this.#ahead = [];
    this.#last = Number.NEGATIVE_INFINITY;
    this.#latest = Number.NEGATIVE_INFINITY;
  }
}
