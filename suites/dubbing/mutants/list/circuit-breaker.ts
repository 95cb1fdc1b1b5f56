// Workers whose circuit breaker keeps its promise almost.

import { withoutField } from '../defects/log-defects.ts';
import { setTo } from '../defects/metrics-defects.ts';
import { everythingRetryable } from '../defects/sts-defects.ts';
import type { Mutant, Taps, Wrapped } from '../mutant.ts';

const opens = { suite: 'circuit-breaker', case: 'opens after five' };
const ignores = { suite: 'circuit-breaker', case: 'does not count' };

const worker = (mutant: Omit<Mutant, 'service' | 'make'>, make: (wrapped: Wrapped) => Taps): Mutant => ({
  service: 'media-service',
  make,
  ...mutant,
});

export const BREAKER_MUTANTS: Mutant[] = [
  worker(
    {
      name: 'breaker-opens-at-4',
      defect: 'the breaker opens after 4 failures',
      against: opens,
      seconds: 80,
      killedBy: { check: /circuit breaker.*failure_count/ },
    },
    () => ({ environment: () => ({ STS_BREAKER_FAILURES: '4' }) }),
  ),
  worker(
    {
      name: 'breaker-opens-at-6',
      defect: 'the breaker opens after 6 failures',
      against: opens,
      seconds: 80,
      killedBy: { check: /circuit breaker.*failure_count/ },
    },
    () => ({ environment: () => ({ STS_BREAKER_FAILURES: '6' }) }),
  ),
  worker(
    {
      name: 'breaker-never-opens',
      defect: 'the breaker never opens',
      against: opens,
      seconds: 90,
      killedBy: { check: /worker_sts_breaker_state of media-service: exactly 1/ },
    },
    () => ({ environment: () => ({ STS_BREAKER_FAILURES: '1000' }) }),
  ),
  worker(
    {
      name: 'breaker-counts-non-retryable',
      defect: 'errors that a retry cannot help are counted',
      against: ignores,
      seconds: 60,
      killedBy: { check: /worker_sts_breaker_state|circuit breaker/ },
    },
    () => ({ sts: everythingRetryable }),
  ),
  worker(
    {
      name: 'breaker-gauge-stuck',
      defect: 'the gauge of the breaker stays at closed',
      against: opens,
      seconds: 90,
      killedBy: { check: /worker_sts_breaker_state of media-service: exactly 1/ },
    },
    () => ({ metrics: setTo('worker_sts_breaker_state', 0) }),
  ),
  worker(
    {
      name: 'breaker-log-without-count',
      defect: 'the log line does not say how many failures there were',
      against: opens,
      seconds: 80,
      killedBy: { check: /circuit breaker/ },
    },
    () => ({ log: withoutField(/^circuit breaker opened$/, 'failure_count') }),
  ),
  worker(
    {
      name: 'silent-fallback',
      defect: 'segments that the open breaker keeps from the STS are not counted as fallback',
      against: opens,
      seconds: 80,
      killedBy: { check: /worker_fallback_total\{reason="circuit_open"\}/ },
    },
    () => ({ metrics: setTo('worker_fallback_total{reason="circuit_open"}', 0) }),
  ),
];
