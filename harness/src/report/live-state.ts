// What is going on right now in each suite, kept up to date from the timeline.

import type { TimelineEvent } from '../model/timeline.ts';
import type { Verdict } from '../model/verdict.ts';
import { SPARK_SAMPLES } from './sparkline.ts';

export interface StepNow {
  /** Path in the case: `3`, `3.0`. */
  id: string;
  title: string;
  startedAtMs: number;
  /** Longest time that it may take by its own words. */
  budgetMs?: number | undefined;
  waitingFor?: string | undefined;
  last?: string | number | undefined;
  /** How `last` went, where it is a number: the newest last. */
  course: number[];
}

export interface CaseNow {
  id: string;
  title: string;
  startedAtMs: number;
  timeoutMs: number;
  /** That run now, in the order in which they began: several where steps hold others or run side by side. */
  steps: StepNow[];
  /** In force, by their names in the run. */
  faults: Map<string, { title: string; sinceMs: number; isProven: boolean }>;
}

export interface SuiteNow {
  suite: string;
  kase?: CaseNow | undefined;
  environment: 'starting' | 'ready' | 'stopping' | 'down' | 'none';
  /** Services that are not up yet, while the environment starts. */
  starting: Set<string>;
  sinceMs: number;
}

export interface Counts {
  passed: number;
  failed: number;
  inconclusive: number;
  skipped: number;
}

export class LiveState {
  readonly suites = new Map<string, SuiteNow>();
  readonly ended: Counts = { passed: 0, failed: 0, inconclusive: 0, skipped: 0 };

  /** Another pass begins. */
  reset(): void {
    this.suites.clear();
    Object.assign(this.ended, { passed: 0, failed: 0, inconclusive: 0, skipped: 0 });
  }

  apply(suite: string, event: TimelineEvent): SuiteNow {
    const known = this.suites.get(suite);
    const now: SuiteNow = known ?? { suite, environment: 'none', starting: new Set(), sinceMs: event.atMs };
    if (!known) this.suites.set(suite, now);
    switch (event.type) {
      case 'environment':
        now.environment = event.state;
        now.sinceMs = event.atMs;
        break;
      case 'service':
        if (event.state === 'starting') now.starting.add(event.service);
        else now.starting.delete(event.service);
        break;
      case 'case-started': {
        const { case: id, title, timeoutMs, atMs: startedAtMs } = event;
        now.kase = { id, title, timeoutMs, startedAtMs, steps: [], faults: new Map() };
        break;
      }
      case 'case-ended':
        now.kase = undefined;
        now.sinceMs = event.atMs;
        break;
      case 'suite-ended':
        this.suites.delete(suite);
        break;
      default:
        if (now.kase && 'case' in event && event.case === now.kase.id) applyToCase(now.kase, event);
        break;
    }
    return now;
  }

  count(verdict: Verdict | 'skipped'): void {
    this.ended[verdict] += 1;
  }
}

function applyToCase(kase: CaseNow, event: TimelineEvent): void {
  switch (event.type) {
    case 'step-started': {
      const { step: id, title, budgetMs, atMs: startedAtMs } = event;
      kase.steps.push({ id, title, budgetMs, startedAtMs, course: [] });
      break;
    }
    case 'step-progress': {
      const step = kase.steps.find(({ id }) => id === event.step);
      if (!step) break;
      // Another wait is another course.
      if (step.waitingFor !== event.waitingFor) step.course = [];
      step.waitingFor = event.waitingFor;
      step.last = event.last;
      if (typeof event.last === 'number') step.course = [...step.course, event.last].slice(-SPARK_SAMPLES);
      break;
    }
    case 'step-ended':
      kase.steps = kase.steps.filter(({ id }) => id !== event.step);
      break;
    case 'fault': {
      const { fault, title, state, atMs: sinceMs } = event;
      if (state === 'injected') kase.faults.set(fault, { title, sinceMs, isProven: false });
      const known = kase.faults.get(fault);
      if (known && state === 'proven') known.isProven = true;
      if (state === 'reverted') kase.faults.delete(fault);
      break;
    }
    default:
      break;
  }
}

/** The step to show: the innermost of those that run, of several side by side the one that began first. */
export function stepShown({ steps }: CaseNow): StepNow | undefined {
  const depth = (step: StepNow) => step.id.split('.').length;
  const deepest = Math.max(0, ...steps.map(depth));
  return steps.find((step) => depth(step) === deepest);
}
