// A receiver that maps RTP times by RTCP reports (RFC 3550, 6.4.1) moves all times of a track at once when a report, or the server that wrote
// it, changes its mind about when packets were sent. Nothing in the track itself moved, so such steps are taken out of its times.

/** Over the rounding of RTP and FLV times, which are whole milliseconds at worst. */
const LEAST_STEP_MS = 2.5;
/**
 * In all, so that two tracks with opposite steps stay under what viewers detect (ITU-R BT.1359-1: sound 45 ms early). What is further off is
 * followed as drift.
 */
const MOST_SHIFT_MS = 22;
/** A jump ahead this near to whole frames is that of lost frames. */
const LOSS_TOLERANCE_MS = 1;

export class ReceiverSteps {
  #shiftMs = 0;

  /** To be taken off the track's times. */
  get shiftMs(): number {
    return this.#shiftMs;
  }

  /**
   * A frame's time lies `jumpMs` from where the frame before it says it belongs. `frameMs`: how long a frame is, where missing frames show as
   * jumps. Returns whether that is a step.
   */
  notice(jumpMs: number, frameMs?: number): boolean {
    if (Math.abs(jumpMs) < LEAST_STEP_MS) return false;
    if (Math.abs(this.#shiftMs + jumpMs) > MOST_SHIFT_MS) return false;
    const lost = frameMs === undefined ? 0 : Math.round(jumpMs / frameMs);
    if (frameMs !== undefined && lost > 0 && Math.abs(jumpMs - lost * frameMs) < LOSS_TOLERANCE_MS) return false;
    this.#shiftMs += jumpMs;
    return true;
  }
}
