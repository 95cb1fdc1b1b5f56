// `slicer`: bytes go on in pieces of `average_size` ± `size_variation` bytes, with `delay` microseconds after each.

import type { Ending, ToxicType } from './stage.ts';
import { timer } from './timer.ts';

export const slicer: ToxicType = {
  defaults: { average_size: 0, size_variation: 0, delay: 0 },
  open(attributes, { next }) {
    const queue: Buffer[] = [];
    let ending: Ending | undefined;
    let freeAtMs = 0;
    const wake = timer(step);
    function step(): void {
      for (let first = queue[0]; first; first = queue[0]) {
        const now = performance.now();
        if (freeAtMs > now) {
          wake.at(freeAtMs);
          return;
        }
        const { average_size = 0, size_variation = 0, delay = 0 } = attributes();
        const wanted = Math.round(average_size + (Math.random() * 2 - 1) * size_variation);
        const size = average_size <= 0 ? first.length : Math.min(first.length, Math.max(1, wanted));
        if (size < first.length) queue[0] = first.subarray(size);
        else queue.shift();
        freeAtMs = now + delay / 1000;
        next().write({ data: first.subarray(0, size), atMs: now });
      }
      if (ending) next().end(ending);
    }
    return {
      write({ data }) {
        queue.push(data);
        if (queue.length === 1) step();
      },
      end(how) {
        ending = how;
        if (queue.length === 0) next().end(how);
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
