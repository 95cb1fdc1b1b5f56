// What is going on right now in each suite, kept up to date from the timeline.

import type { TimelineEvent } from '../model/timeline.ts';

export interface SuiteNow {
  suite: string;
  caseTitle?: string;
  caseStartedAtMs?: number;
  /** The innermost step that is running. */
  step?: { id: string; title: string; startedAtMs: number };
  waitingFor?: string;
  last?: string | number | undefined;
  environment: 'starting' | 'ready' | 'stopping' | 'down' | 'none';
}

export class LiveState {
  readonly suites = new Map<string, SuiteNow>();

  apply(suite: string, event: TimelineEvent): SuiteNow {
    const now = this.suites.get(suite) ?? { suite, environment: 'none' as const };
    this.suites.set(suite, now);
    switch (event.type) {
      case 'environment':
        now.environment = event.state;
        break;
      case 'case-started':
        now.caseTitle = event.title;
        now.caseStartedAtMs = event.atMs;
        delete now.step;
        break;
      case 'step-started':
        now.step = { id: event.step, title: event.title, startedAtMs: event.atMs };
        delete now.waitingFor;
        delete now.last;
        break;
      case 'step-progress':
        now.waitingFor = event.waitingFor;
        now.last = event.last;
        break;
      case 'case-ended':
        delete now.step;
        delete now.caseTitle;
        delete now.waitingFor;
        break;
      case 'suite-ended':
        this.suites.delete(suite);
        break;
      default:
        break;
    }
    return now;
  }
}
