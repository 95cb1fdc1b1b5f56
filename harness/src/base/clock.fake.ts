// A clock for unit tests: time passes only when everything is waiting for it.

import type { Clock } from './clock.ts';

export interface FakeClock extends Clock {
  /** Advances time to whatever is waited for next, again and again, until `work` settles. */
  run<T>(work: Promise<T>): Promise<T>;
  advance(ms: number): Promise<void>;
}

export function fakeClock(startMs = 0): FakeClock {
  let now = startMs;
  const waiting: { at: number; wake: () => void }[] = [];
  const settle = async () => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  const wakeNext = (untilMs: number): boolean => {
    const next = waiting.filter(({ at }) => at <= untilMs).sort((a, b) => a.at - b.at)[0];
    if (!next) return false;
    waiting.splice(waiting.indexOf(next), 1);
    now = Math.max(now, next.at);
    next.wake();
    return true;
  };
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    delay: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const entry = { at: now + ms, wake: resolve };
        waiting.push(entry);
        signal?.addEventListener(
          'abort',
          () => {
            const index = waiting.indexOf(entry);
            if (index >= 0) waiting.splice(index, 1);
            reject(signal.reason);
          },
          { once: true },
        );
      }),
    async run(work) {
      let settled = false;
      const done = () => {
        settled = true;
      };
      work.then(done, done);
      for (let turn = 0; !settled && turn < 100_000; turn += 1) {
        await settle();
        if (!settled) wakeNext(Number.POSITIVE_INFINITY);
      }
      if (!settled) throw new Error('nothing is waiting for time, and the work is not done');
      return work;
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      while (wakeNext(until)) await settle();
      now = until;
    },
  };
}
