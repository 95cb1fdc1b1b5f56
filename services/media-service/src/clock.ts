// The one source of time for everything that waits: real in the service, turned by hand in tests.

/** Undoes a pending timer; calling it twice, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Milliseconds that only ever grow; no relation to the time of day. */
  now(): number;
  /** Runs `action` once, `delayMs` from now. */
  after(delayMs: number, action: () => void): CancelTimer;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

/** Resolves `delayMs` from now, or at once when `signal` aborts: callers look at the signal themselves. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** Waits for `promise`, but no longer than `withinMs`; says which of the two it was. Rejections pass through. */
export async function settledWithin(clock: Clock, promise: Promise<unknown>, withinMs: number): Promise<boolean> {
  const bound = new AbortController();
  const timedOut = pause(clock, withinMs, bound.signal).then(() => false);
  try {
    return await Promise.race([promise.then(() => true), timedOut]);
  } finally {
    bound.abort();
  }
}
