// A point in time that work must not pass, and how much is left until it.

import type { Clock } from './clock.ts';

export interface Deadline {
  readonly budgetMs: number;
  elapsedMs(): number;
  /** Never negative. */
  remainingMs(): number;
  passed(): boolean;
}

export function deadlineIn(budgetMs: number, clock: Clock): Deadline {
  const startedAt = clock.monotonicMs();
  const elapsedMs = () => clock.monotonicMs() - startedAt;
  return {
    budgetMs,
    elapsedMs,
    remainingMs: () => Math.max(0, budgetMs - elapsedMs()),
    passed: () => elapsedMs() >= budgetMs,
  };
}
