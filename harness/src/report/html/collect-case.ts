// Turns the events of one case into the marks that the page draws on its axis.

import type { TimelineEvent } from '../../model/timeline.ts';
import type { CaseMarks, CheckMark, FaultMark, RecordingMark, StepMark } from './page-data.ts';

type CaseEvent = Exclude<
  TimelineEvent,
  { type: 'suite-started' | 'suite-ended' | 'environment' | 'service' | 'metrics' | 'log' | 'case-started' }
>;

/** Values that a step saw while it waited: enough for a picture of it. */
const MAX_WAITS = 240;
const MAX_DETAIL_CHARS = 6_000;

export class CaseCollector {
  readonly id: string;
  readonly marks: CaseMarks;
  #open = new Map<string, StepMark>();

  constructor(event: Extract<TimelineEvent, { type: 'case-started' }>, atMs: number) {
    this.id = event.case;
    this.marks = {
      case: event.case,
      title: event.title,
      file: event.position.file,
      line: event.position.line,
      fromMs: atMs,
      toMs: atMs,
      verdict: 'unfinished',
      phases: [],
      steps: [],
      checks: [],
      faults: [],
      recoveries: [],
      activities: [],
      recordings: [],
      cleanup: [],
      named: [],
    };
    this.#name(event.title);
  }

  add(event: CaseEvent, atMs: number, originAtMs: number): void {
    const { marks } = this;
    if (this.marks.verdict === 'unfinished') marks.toMs = atMs;
    switch (event.type) {
      case 'step-started':
        this.#step(event, atMs);
        break;
      case 'step-progress': {
        const waits = this.#open.get(event.step)?.waits;
        const last = waits?.at(-1);
        if (last && last.for === event.waitingFor && last.last === event.last) break;
        if (waits && waits.length < MAX_WAITS) waits.push({ atMs, for: event.waitingFor, last: event.last });
        this.#name(event.waitingFor);
        break;
      }
      case 'step-ended': {
        const step = this.#open.get(event.step);
        if (!step) break;
        this.#open.delete(event.step);
        Object.assign(step, { toMs: atMs, verdict: event.verdict, ...(event.error ? { error: event.error } : {}) });
        break;
      }
      case 'check':
        marks.checks.push(checkMark(event, atMs, originAtMs));
        this.#name(event.title);
        break;
      case 'phase': {
        const before = marks.phases.at(-1);
        if (before) before.toMs = atMs;
        marks.phases.push({ name: event.name, fromMs: atMs, toMs: atMs });
        break;
      }
      case 'fault':
        this.#fault(event, atMs);
        break;
      case 'recovery': {
        const { after, check, recoveryMs, promisedMs } = event;
        marks.recoveries.push({ atMs, after, check, recoveryMs, ...(promisedMs === undefined ? {} : { promisedMs }) });
        break;
      }
      case 'activity':
        this.#activity(event, atMs);
        break;
      case 'measurement': {
        // Measured again with more measures: the latest has all of them.
        this.recording(event.recording).measurements = event.measurements;
        break;
      }
      case 'cleanup':
        marks.cleanup.push(...event.failures);
        break;
      case 'case-ended':
        Object.assign(marks, { toMs: atMs, verdict: event.verdict, ...(event.error ? { error: event.error } : {}) });
        this.finish(atMs);
        break;
    }
  }

  recording(name: string): RecordingMark {
    const known = this.marks.recordings.find((each) => each.name === name);
    if (known) return known;
    const made: RecordingMark = { name };
    this.marks.recordings.push(made);
    return made;
  }

  finish(atMs: number): void {
    if (this.marks.verdict === 'unfinished') this.marks.toMs = atMs;
    for (const step of this.#open.values()) step.toMs = atMs;
    const phase = this.marks.phases.at(-1);
    if (phase && phase.toMs === phase.fromMs) phase.toMs = this.marks.toMs;
    for (const each of this.marks.activities) if (each.state === 'started') each.toMs = this.marks.toMs;
  }

  #step(event: Extract<TimelineEvent, { type: 'step-started' }>, atMs: number): void {
    const { step, depth, title, position } = event;
    const { file, line } = position;
    const mark: StepMark = {
      step,
      depth,
      title,
      file,
      line,
      fromMs: atMs,
      toMs: atMs,
      verdict: 'unfinished',
      waits: [],
    };
    this.#open.set(step, mark);
    this.marks.steps.push(mark);
    this.#name(title);
  }

  #fault({ fault, kind, title, state, proof }: Extract<TimelineEvent, { type: 'fault' }>, atMs: number): void {
    let mark = this.marks.faults.find((each) => each.fault === fault);
    if (!mark) {
      mark = { fault, kind, title, askedMs: atMs };
      this.marks.faults.push(mark);
    }
    const said = proof ? `${proof.by}: ${proof.seen}` : undefined;
    const at: Partial<FaultMark> = {
      asked: {},
      injected: { injectedMs: atMs },
      proven: { provenMs: atMs, ...(said === undefined ? {} : { proof: said }) },
      unproven: { unprovenMs: atMs, ...(said === undefined ? {} : { proof: said }) },
      reverting: { revertingMs: atMs },
      reverted: { revertedMs: atMs, ...(said === undefined ? {} : { revertProof: said }) },
      'not-reverted': { notRevertedMs: atMs, ...(said === undefined ? {} : { revertProof: said }) },
    }[state];
    Object.assign(mark, at);
  }

  #activity({ name, kind, state }: Extract<TimelineEvent, { type: 'activity' }>, atMs: number): void {
    if (kind === 'recording') this.recording(name);
    const last = this.marks.activities.findLast((each) => each.name === name);
    if (last && last.state === 'started') {
      if (state === 'ended' || state === 'failed') Object.assign(last, { toMs: atMs, state });
      else if (state === 'started') this.marks.activities.push({ name, kind, fromMs: atMs, toMs: atMs, state });
    } else this.marks.activities.push({ name, kind, fromMs: atMs, toMs: atMs, state });
  }

  /** Titles name series as `metric <name> of <service>`: these are what the case is about. */
  #name(title: string): void {
    for (const [, metric = '', service = ''] of title.matchAll(NAMED_METRIC)) {
      if (this.marks.named.some((each) => each.metric === metric && each.service === service)) continue;
      this.marks.named.push({ service, metric });
    }
  }
}

const NAMED_METRIC = /\bmetric ([A-Za-z_:][\w:]*(?:\{[^}]*\})?) of ([\w.-]+)/g;

function checkMark(
  { title, position, how, judgement }: Extract<TimelineEvent, { type: 'check' }>,
  judgedMs: number,
  originAtMs: number,
): CheckMark {
  const { verdict, expected, seen, last, hint, atMs, detail } = judgement;
  const json = detail === undefined ? undefined : JSON.stringify(detail);
  return {
    title,
    file: position.file,
    line: position.line,
    how,
    atMs: atMs === undefined ? judgedMs : Math.round(atMs - originAtMs),
    judgedMs,
    verdict,
    expected,
    seen,
    last,
    hint,
    ...(json === undefined
      ? {}
      : { detail: json.length > MAX_DETAIL_CHARS ? `${json.slice(0, MAX_DETAIL_CHARS)}…` : json }),
  };
}
