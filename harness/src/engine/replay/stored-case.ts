// One case of a run that is over, as its timeline tells it: what each step did and when, what was looked at, and how the case ended.

import type { Answer, Look } from '../../model/looks.ts';
import type { Measurements } from '../../model/measurements.ts';
import type { ErrorRecord, TimelineEvent } from '../../model/timeline.ts';
import type { Verdict } from '../../model/verdict.ts';

/** Something that happened, with its place on the timeline: how many events stood before it. */
export type Placed<T> = T & { atMs: number; at: number };

/** A step as it was once carried out. */
export interface StepRun {
  step: string;
  title: string;
  startMs: number;
  start: number;
  /** Undefined when the run was killed in it. */
  end?: Placed<{ verdict: Verdict; elapsedMs: number; error?: ErrorRecord }>;
  looks: Placed<Look>[];
  answers: Placed<Answer>[];
  saved: Record<string, unknown>;
}

type FaultEvent = Extract<TimelineEvent, { type: 'fault' }>;
type ActivityEvent = Extract<TimelineEvent, { type: 'activity' }>;

export interface StoredCase {
  id: string;
  title: string;
  timeoutMs: number;
  start: number;
  /** From when on the case is looked at; undefined when the services did not become ready. */
  baseline?: Placed<object>;
  /** Step → each time it was carried out, in order. */
  runs: Map<string, StepRun[]>;
  /** Looks at what must hold throughout. */
  throughout: Placed<Look>[];
  phases: Placed<{ name: string }>[];
  faults: Placed<FaultEvent>[];
  activities: Placed<ActivityEvent>[];
  measurements: Placed<{ recording: string; measurements: Measurements }>[];
  recoveries: Placed<{ check: string; recoveryMs: number }>[];
  /** What clean-up failed at, in words. */
  cleanup: string[];
  end?: Placed<{ verdict: Verdict | 'skipped'; elapsedMs: number; error?: ErrorRecord }>;
}

/** Every case of a suite's timeline, in order; the same case again when it was run again. */
export function storedCases(events: readonly TimelineEvent[]): StoredCase[] {
  const cases: StoredCase[] = [];
  for (const [at, event] of events.entries()) {
    if (event.type === 'case-started') cases.push(begin(event, at));
    const id = 'case' in event ? event.case : undefined;
    const stored = id === undefined ? undefined : cases.findLast((each) => each.id === id);
    if (stored) note(stored, event, at);
  }
  return cases;
}

function begin(event: Extract<TimelineEvent, { type: 'case-started' }>, at: number): StoredCase {
  return {
    id: event.case,
    title: event.title,
    timeoutMs: event.timeoutMs,
    start: at,
    runs: new Map(),
    throughout: [],
    phases: [],
    faults: [],
    activities: [],
    measurements: [],
    recoveries: [],
    cleanup: [],
  };
}

function note(stored: StoredCase, event: TimelineEvent, at: number): void {
  const running = (step: string) => stored.runs.get(step)?.findLast(({ end }) => end === undefined);
  const { atMs } = event;
  switch (event.type) {
    case 'baseline':
      stored.baseline = { atMs, at };
      break;
    case 'step-started': {
      const { step, title } = event;
      const run: StepRun = { step, title, startMs: atMs, start: at, looks: [], answers: [], saved: {} };
      stored.runs.set(step, [...(stored.runs.get(step) ?? []), run]);
      break;
    }
    case 'step-ended': {
      const run = running(event.step);
      if (run) run.end = { ...event, at };
      break;
    }
    case 'look':
      if (event.how === 'throughout') stored.throughout.push({ ...event, at });
      else running(event.step)?.looks.push({ ...event, at });
      break;
    case 'answer':
      running(event.step)?.answers.push({ ...event, at });
      break;
    case 'saved':
      Object.assign(running(event.step)?.saved ?? {}, event.values);
      break;
    case 'phase':
      stored.phases.push({ name: event.name, atMs, at });
      break;
    case 'fault':
      stored.faults.push({ ...event, at });
      break;
    case 'activity':
      stored.activities.push({ ...event, at });
      break;
    case 'measurement':
      stored.measurements.push({ recording: event.recording, measurements: event.measurements, atMs, at });
      break;
    case 'recovery':
      stored.recoveries.push({ check: event.check, recoveryMs: event.recoveryMs, atMs, at });
      break;
    case 'cleanup':
      stored.cleanup.push(...event.failures.map(({ name, message }) => `${name}: ${message}`));
      break;
    case 'case-ended':
      stored.end = { ...event, at };
      break;
    default:
      break;
  }
}
