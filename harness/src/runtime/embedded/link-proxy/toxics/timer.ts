// One alarm that can be set again: toxics wait for an instant, not for a time from now.

export interface Timer {
  /** At `atMs` of `performance.now()`, instead of whenever it was set to before. */
  at(atMs: number): void;
  stop(): void;
}

export function timer(action: () => void): Timer {
  let handle: NodeJS.Timeout | undefined;
  return {
    at(atMs) {
      clearTimeout(handle);
      // Timers count whole milliseconds. They may still come a fraction early: who waits for an instant looks at the clock again.
      handle = setTimeout(action, Math.max(0, Math.ceil(atMs - performance.now())));
    },
    stop: () => clearTimeout(handle),
  };
}
