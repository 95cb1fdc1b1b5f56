// `latency`: every byte goes on `latency` ± `jitter` milliseconds after it came, in order.

import type { Ending, ToxicType } from './stage.ts';
import { timer } from './timer.ts';

export const latency: ToxicType = {
  defaults: { latency: 0, jitter: 0 },
  // Two seconds of 64 Mbit/s: with less, the delay would also be a limit of the rate.
  holdsBytes: 16 * 1024 * 1024,
  open(attributes, { next }) {
    const queue: { data: Buffer; dueAtMs: number }[] = [];
    let ending: Ending | undefined;
    const wake = timer(flush);
    function flush(): void {
      const now = performance.now();
      for (let first = queue[0]; first && first.dueAtMs <= now; first = queue[0]) {
        queue.shift();
        next().write({ data: first.data, atMs: now });
      }
      if (queue[0]) wake.at(queue[0].dueAtMs);
      else if (ending) next().end(ending);
    }
    return {
      write({ data, atMs }) {
        const { latency = 0, jitter = 0 } = attributes();
        const delayMs = latency + (jitter > 0 ? (Math.random() * 2 - 1) * jitter : 0);
        const dueAtMs = Math.max(atMs + delayMs, queue.at(-1)?.dueAtMs ?? 0);
        queue.push({ data, dueAtMs });
        if (queue.length === 1) wake.at(dueAtMs);
      },
      end(how) {
        ending = how;
        if (queue.length === 0) next().end(how);
      },
      release() {
        for (const held of queue) held.dueAtMs = 0;
        flush();
      },
      destroy: () => wake.stop(),
    };
  },
};
