// When a service that has ended is started again: Compose's restart policies with Docker's back-off.

import type { ServiceSpec } from '../../model/environment.ts';
import type { ServiceExit } from './service-life.ts';

// Docker's restart manager: 100 ms, doubled each time, at most a minute, and from the start again after a life of 10 s.
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 60_000;
const LONG_LIFE_MS = 10_000;

export interface RestartPolicy {
  /** Milliseconds until the next start; undefined when the service stays down. */
  next(exit: ServiceExit, livedMs: number): number | undefined;
}

export function restartPolicy({ policy, maxRetries }: ServiceSpec['restart']): RestartPolicy {
  let delayMs = 0;
  let retries = 0;
  return {
    next(exit, livedMs) {
      if (policy === 'no' || exit.problem !== undefined) return undefined;
      if (policy === 'on-failure') {
        if (exit.code === 0) return undefined;
        if (maxRetries !== undefined && maxRetries > 0 && retries >= maxRetries) return undefined;
      }
      retries += 1;
      delayMs = livedMs >= LONG_LIFE_MS || delayMs === 0 ? FIRST_DELAY_MS : Math.min(MAX_DELAY_MS, delayMs * 2);
      return delayMs;
    },
  };
}
