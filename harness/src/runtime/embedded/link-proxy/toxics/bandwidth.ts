// `bandwidth`: at most `rate` kilobytes (1000 bytes) a second go on; with a rate of 0, nothing does.

import type { Ending, ToxicType } from './stage.ts';
import { timer } from './timer.ts';

/** A slice goes on at its end, so this is also the granularity of the rate. */
const SLICE_MS = 20;

export const bandwidth: ToxicType = {
  defaults: { rate: 0 },
  // As little as Toxiproxy holds: at a low rate, what waits here is also a delay.
  holdsBytes: 64 * 1024,
  open(attributes, { next }) {
    const queue: Buffer[] = [];
    let ending: Ending | undefined;
    /** When the slice at the head is through. Undefined while nothing waits. */
    let sliceEndsAtMs: number | undefined;
    let sliceBytes = 0;
    const wake = timer(step);
    function beginSlice(fromMs: number): void {
      const first = queue[0];
      const { rate = 0 } = attributes();
      if (!first || rate <= 0) {
        sliceEndsAtMs = undefined;
        return;
      }
      sliceBytes = Math.min(first.length, Math.max(1, Math.round(rate * SLICE_MS)));
      sliceEndsAtMs = fromMs + sliceBytes / rate;
    }
    function step(): void {
      const now = performance.now();
      while (sliceEndsAtMs !== undefined && sliceEndsAtMs <= now) {
        const first = queue[0];
        if (!first) break;
        const data = first.subarray(0, sliceBytes);
        if (sliceBytes < first.length) queue[0] = first.subarray(sliceBytes);
        else queue.shift();
        next().write({ data, atMs: now });
        beginSlice(sliceEndsAtMs);
      }
      // Also when it came a little early.
      if (sliceEndsAtMs !== undefined) wake.at(sliceEndsAtMs);
      if (queue.length === 0 && ending) next().end(ending);
    }
    return {
      write({ data }) {
        queue.push(data);
        if (sliceEndsAtMs !== undefined) return;
        beginSlice(performance.now());
        if (sliceEndsAtMs !== undefined) wake.at(sliceEndsAtMs);
      },
      end(how) {
        ending = how;
        if (queue.length === 0) next().end(how);
      },
      changed() {
        // From nothing to something; another rate counts from the next slice on.
        if (sliceEndsAtMs !== undefined) return;
        beginSlice(performance.now());
        if (sliceEndsAtMs !== undefined) wake.at(sliceEndsAtMs);
      },
      release() {
        wake.stop();
        const atMs = performance.now();
        for (const data of queue.splice(0)) next().write({ data, atMs });
        if (ending) next().end(ending);
      },
      destroy: () => wake.stop(),
    };
  },
};
