// Tries to get a lost connection back: 2, 4, 8, 16, 32 s apart, then gives up.

import { type Clock, pause } from './clock.ts';

export const RECONNECT_DELAYS_MS: readonly number[] = [2000, 4000, 8000, 16_000, 32_000];

export interface ReconnectOptions {
  clock: Clock;
  signal: AbortSignal;
  /** One attempt, bounded by itself. */
  attempt: () => Promise<boolean>;
  onAttempt: (attempt: number, success: boolean) => void;
  delaysMs?: readonly number[];
}

/**
 * Each delay counts from the start of the attempt before it (the first from the loss itself), so the rhythm does not
 * depend on how long a failing attempt hangs.
 */
export async function reconnect(options: ReconnectOptions): Promise<'connected' | 'gave-up' | 'cancelled'> {
  const { clock, signal } = options;
  const delaysMs = options.delaysMs ?? RECONNECT_DELAYS_MS;
  let lastStartedAt = clock.now();
  for (const [index, delayMs] of delaysMs.entries()) {
    await pause(clock, lastStartedAt + delayMs - clock.now(), signal);
    if (signal.aborted) return 'cancelled';
    lastStartedAt = clock.now();
    const success = await options.attempt();
    if (signal.aborted) return 'cancelled';
    options.onAttempt(index + 1, success);
    if (success) return 'connected';
  }
  return 'gave-up';
}
