// Workers whose circuit breaker keeps its promise almost.

import { withoutField } from '../defects/log-defects.ts';
import { setTo } from '../defects/metrics-defects.ts';
import {
  answerWithOriginal,
  everythingRetryable,
  keepBack,
  lateAnswerForAnother,
  notRetryable,
  oneFragmentMore,
  rewrite,
  silenceIsNoFailure,
} from '../defects/sts-defects.ts';
import type { Mutant, Taps, Wrapped } from '../mutant.ts';

const opens = { suite: 'circuit-breaker', case: 'opens after five' };
const oneProbe = { suite: 'circuit-breaker-recovery', case: 'one probe after each' };
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
  worker(
    {
      name: 'breaker-ignores-rate-limit',
      defect: 'one kind of retryable failure does not count: RATE_LIMIT, told in an event of its own',
      against: { suite: 'circuit-breaker-failures', case: 'RATE_LIMIT' },
      seconds: 45,
      killedBy: { check: /worker_sts_breaker_state of media-service: exactly 1/ },
    },
    () => ({ sts: () => notRetryable('RATE_LIMIT') }),
  ),
  worker(
    {
      name: 'breaker-ignores-gpu-oom',
      defect: 'one kind of retryable failure does not count: GPU_OOM, told in an answer',
      against: { suite: 'circuit-breaker-failures', case: 'GPU_OOM' },
      seconds: 45,
      killedBy: { check: /worker_sts_breaker_state of media-service: exactly 1/ },
    },
    () => ({ sts: () => notRetryable('GPU_OOM') }),
  ),
  worker(
    {
      name: 'breaker-ignores-silence',
      defect: 'an STS that says nothing does not count as failing',
      against: { suite: 'circuit-breaker-failures', case: 'eight seconds of silence' },
      seconds: 45,
      killedBy: { check: /worker_sts_breaker_state of media-service: exactly 1/ },
    },
    () => ({ sts: () => silenceIsNoFailure(7900) }),
  ),
  worker(
    {
      name: 'breaker-not-in-a-row',
      defect: 'an answer between failures does not begin the count anew',
      against: { suite: 'circuit-breaker-failures', case: 'fifth TIMEOUT' },
      seconds: 45,
      killedBy: { check: /fragment:data.*stream:init/ },
    },
    ({ onLog }) => {
      let release = (): void => {};
      onLog(({ state }) => {
        if (state === 'open') release();
      });
      return {
        sts: () =>
          keepBack(4, (now) => {
            release = now;
          }),
      };
    },
  ),
  worker(
    {
      name: 'sends-while-open',
      defect: 'a fragment is sent while the breaker is open',
      against: { suite: 'circuit-breaker-failures', case: 'fifth MODEL_ERROR' },
      seconds: 45,
      killedBy: { check: /fragment:data.*"open".*"half-open"/ },
    },
    ({ onLog }) => {
      let send = (): void => {};
      onLog(({ state }) => {
        if (state === 'open') setTimeout(send, 1000);
      });
      return {
        sts: () =>
          oneFragmentMore(
            () => false,
            (now) => {
              send = now;
            },
          ),
      };
    },
  ),
  worker(
    {
      name: 'two-probes',
      defect: 'a half-open breaker lets two fragments through',
      against: oneProbe,
      seconds: 60,
      killedBy: { check: /fragment:data.*"half-open"/ },
    },
    ({ onLog }) => {
      let armed = false;
      onLog(({ state }) => {
        if (state === 'half-open') armed = true;
      });
      return {
        sts: () =>
          oneFragmentMore(() => {
            const now = armed;
            armed = false;
            return now;
          }),
      };
    },
  ),
  worker(
    {
      name: 'failed-probe-closes',
      defect: 'a probe that fails closes the breaker',
      against: oneProbe,
      seconds: 60,
      killedBy: { check: /worker_sts_breaker_state.*takes/ },
    },
    ({ onLog }) => {
      let halfOpen = false;
      onLog(({ state }) => {
        if (typeof state === 'string') halfOpen = state === 'half-open';
      });
      return { sts: () => answerWithOriginal(({ status }) => halfOpen && status === 'failed') };
    },
  ),
  worker(
    {
      name: 'cool-down-halved',
      defect: 'the breaker is half-open after half its cool-down',
      against: { suite: 'circuit-breaker-failures', case: 'fifth QUEUE_FULL' },
      seconds: 45,
      killedBy: { check: /circuit breaker.*(3s|intervals)/ },
    },
    () => ({
      environment: ({ STS_BREAKER_COOLDOWN_SECONDS: seconds }) => ({
        STS_BREAKER_COOLDOWN_SECONDS: String(Number(seconds ?? 30) / 2),
      }),
    }),
  ),
  worker(
    {
      name: 'second-cool-down-shorter',
      defect: 'after a failed probe the breaker waits for half the cool-down',
      against: oneProbe,
      seconds: 60,
      killedBy: { check: /circuit breaker.*(3s|intervals)/ },
    },
    () => ({ preload: 'preload/timers.ts', environment: () => ({ MUTANT_TIMERS: '2999-3000=1500#2' }) }),
  ),
  worker(
    {
      name: 'late-answer-counts',
      defect: 'an answer that comes too late is taken for one to another fragment',
      against: { suite: 'circuit-breaker-recovery', case: 'is not moved by an answer' },
      seconds: 60,
      killedBy: { check: /worker_audio_fragments_total\{status="processed"\}|worker_sts_breaker_state/ },
    },
    () => ({ sts: () => lateAnswerForAnother(8000) }),
  ),
  worker(
    {
      name: 'breaker-counts-the-fifth',
      defect: 'an error that a retry cannot help counts when it comes as an event of its own',
      against: { suite: 'circuit-breaker-failures', case: 'nor does the fifth' },
      seconds: 45,
      killedBy: { check: /worker_sts_breaker_state|status="processed"/ },
    },
    () => ({
      sts: () => rewrite((event, payload) => (event === 'error' ? { ...payload, retryable: true } : payload)),
    }),
  ),
];
