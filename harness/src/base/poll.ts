// The one way the harness waits: attempt, look, wait a little longer, within a bound, reporting the last thing seen.

import type { Clock } from './clock.ts';
import { deadlineIn } from './deadline.ts';

/** What one attempt found. `last` is kept for the report when the wait ends without success. */
export type Attempt<T> = { done: true; value: T } | { done: false; last?: unknown; hopeless?: string };

export type PollResult<T> =
  | { ok: true; value: T; attempts: number; elapsedMs: number }
  | { ok: false; why: 'timeout' | 'hopeless'; reason?: string; last: unknown; attempts: number; elapsedMs: number };

export interface PollOptions {
  withinMs: number;
  clock: Clock;
  signal?: AbortSignal | undefined;
  /** First pause between attempts (default 20 ms); grows by half each time up to `maxEveryMs` (default 250 ms). */
  everyMs?: number;
  maxEveryMs?: number;
  onAttempt?: (last: unknown, elapsedMs: number, attempts: number) => void;
}

const EXPIRED = 'attempt out of time' as const;

/**
 * Calls `attempt` until it is done, says that waiting longer is hopeless, or `withinMs` has passed. The attempt in flight
 * is bounded too: its signal aborts at the deadline. Rejects only when `options.signal` aborts or `attempt` throws.
 */
export async function poll<T>(
  attempt: (signal: AbortSignal) => Promise<Attempt<T>> | Attempt<T>,
  options: PollOptions,
): Promise<PollResult<T>> {
  const { clock, signal, onAttempt } = options;
  const deadline = deadlineIn(options.withinMs, clock);
  const maxEveryMs = options.maxEveryMs ?? 250;
  let everyMs = options.everyMs ?? 20;
  let attempts = 0;
  let last: unknown;
  for (;;) {
    signal?.throwIfAborted();
    attempts += 1;
    const bound = new AbortController();
    const inner = signal ? AbortSignal.any([signal, bound.signal]) : bound.signal;
    const cancelTimer = new AbortController();
    const timer = clock.delay(deadline.remainingMs(), cancelTimer.signal).then(
      (): typeof EXPIRED => EXPIRED,
      (): typeof EXPIRED => EXPIRED,
    );
    let outcome: Attempt<T> | typeof EXPIRED;
    const running = Promise.resolve(attempt(inner));
    running.catch(() => {}); // an attempt that loses the race below may still reject later
    try {
      outcome = await Promise.race([running, timer]);
    } finally {
      cancelTimer.abort();
    }
    if (outcome === EXPIRED) {
      bound.abort(new Error(EXPIRED));
      signal?.throwIfAborted();
      return { ok: false, why: 'timeout', last, attempts, elapsedMs: deadline.elapsedMs() };
    }
    if (outcome.done) return { ok: true, value: outcome.value, attempts, elapsedMs: deadline.elapsedMs() };
    last = outcome.last;
    onAttempt?.(last, deadline.elapsedMs(), attempts);
    if (outcome.hopeless !== undefined) {
      return { ok: false, why: 'hopeless', reason: outcome.hopeless, last, attempts, elapsedMs: deadline.elapsedMs() };
    }
    if (deadline.passed()) return { ok: false, why: 'timeout', last, attempts, elapsedMs: deadline.elapsedMs() };
    // One attempt always falls on the deadline itself, so a value that comes true late is not missed.
    await clock.delay(Math.min(everyMs, deadline.remainingMs()), signal);
    everyMs = Math.min(maxEveryMs, everyMs * 1.5);
  }
}
