// Event streams of small cases, as they lie on a timeline, for tests of views.

import type { TimelineEvent } from '../../model/timeline.ts';
import type { Verdict } from '../../model/verdict.ts';

const position = { file: '/project/suites/a.suite.yaml', line: 3, col: 5 };

/** Events of one case from `zeroMs` on; every function takes the seconds since. */
export function eventsOf(kase: string, zeroMs: number) {
  const at = (seconds: number) => zeroMs + seconds * 1_000;
  return {
    ready: (seconds: number): TimelineEvent => ({
      type: 'environment',
      atMs: at(seconds),
      state: 'ready',
      elapsedMs: 978,
    }),
    starting: (seconds: number): TimelineEvent => ({ type: 'environment', atMs: at(seconds), state: 'starting' }),
    service: (seconds: number, service: string, state: string): TimelineEvent => ({
      type: 'service',
      atMs: at(seconds),
      service,
      state,
      restarts: 0,
    }),
    began: (seconds: number, title = kase): TimelineEvent => ({
      type: 'case-started',
      atMs: at(seconds),
      case: kase,
      title,
      position,
      timeoutMs: 60_000,
    }),
    step: (seconds: number, step: string, title: string, budgetMs?: number): TimelineEvent => ({
      type: 'step-started',
      atMs: at(seconds),
      case: kase,
      step,
      title,
      position,
      depth: step.split('.').length - 1,
      ...(budgetMs === undefined ? {} : { budgetMs }),
    }),
    waits: (seconds: number, step: string, waitingFor: string, last?: string | number): TimelineEvent => ({
      type: 'step-progress',
      atMs: at(seconds),
      case: kase,
      step,
      waitingFor,
      last,
    }),
    stepEnded: (seconds: number, step: string, elapsedMs: number, verdict: Verdict = 'passed'): TimelineEvent => ({
      type: 'step-ended',
      atMs: at(seconds),
      case: kase,
      step,
      verdict,
      elapsedMs,
    }),
    fault: (seconds: number, title: string, state: 'asked' | 'injected' | 'proven' | 'reverted'): TimelineEvent => ({
      type: 'fault',
      atMs: at(seconds),
      case: kase,
      fault: `${kase}-${title}`,
      kind: 'network.cut',
      title,
      state,
    }),
    check: (seconds: number, expected: string, seen: string, verdict: Verdict = 'passed'): TimelineEvent => ({
      type: 'check',
      atMs: at(seconds),
      case: kase,
      title: expected,
      position,
      judgement: { verdict, expected, seen },
      how: 'expect',
    }),
    log: (seconds: number, text: string): TimelineEvent => ({
      type: 'log',
      atMs: at(seconds),
      service: 'counter',
      stream: 'stdout',
      text,
    }),
    ended: (seconds: number, verdict: Verdict = 'passed'): TimelineEvent => ({
      type: 'case-ended',
      atMs: at(seconds),
      case: kase,
      verdict,
      elapsedMs: seconds * 1_000,
    }),
    suiteEnded: (seconds: number, verdict: Verdict = 'passed'): TimelineEvent => ({
      type: 'suite-ended',
      atMs: at(seconds),
      suite: 'a',
      verdict,
      elapsedMs: seconds * 1_000,
    }),
  };
}
