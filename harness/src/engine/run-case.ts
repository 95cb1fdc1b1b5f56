// Runs one case: baseline, steps under the case's deadline, promises that hold throughout, undo, verdict. Everything that
// happens goes onto the timeline; whatever ends the case, what it started is ended too.

import { formatDurationMs } from '../base/duration.ts';
import { UndoStack } from '../base/undo.ts';
import { type ErrorDetails, TestcardError, toTestcardError } from '../model/errors.ts';
import type { ActiveFault, FaultsPort, ServiceControl } from '../model/faults.ts';
import type { Activity, CaseContext, CheckPorts, MediaPort, SocketPort, Window } from '../model/ports.ts';
import type { Case } from '../model/suite.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import type { Verdict } from '../model/verdict.ts';
import { errorRecord } from './error-record.ts';
import { runSteps } from './run-steps.ts';
import { watchThroughout } from './throughout.ts';

/** What a case needs of the suite it belongs to. */
export interface CaseWorld extends CheckPorts {
  media: MediaPort;
  sockets: SocketPort;
  faults: FaultsPort;
  control: ServiceControl;
  emitEvent(event: TimelineEvent): void;
  mask(text: string): string;
  /** How many events stand on the suite's timeline. */
  timelineLength?(): number;
  /** Brings every service back to ready and takes the baseline samples that counters are counted from. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Never resolves; rejects when something of Testcard's own has broken, so that nothing can be said of the pipeline. */
  ownLoss(): Promise<never>;
  /** Services that have gone since the given instant, in words, for the report of something else that failed. */
  lossesSince(fromMs: number): string[];
}

export interface CaseOutcome {
  case: string;
  verdict: Verdict | 'skipped';
  elapsedMs: number;
  error?: TestcardError;
  reason?: string;
}

/** How long after a fault a publisher may take to notice that its connection is gone. */
const NOTICED_WITHIN_MS = 15_000;
const CLEANUP_BUDGET_MS = 15_000;
/** Bringing services back between cases has its own bound: it is not the case's time. */
const PREPARE_BUDGET_MS = 45_000;

export async function runCase(kase: Case, world: CaseWorld, outerSignal: AbortSignal): Promise<CaseOutcome> {
  const { clock } = world;
  const began = clock.monotonicMs();
  world.emitEvent({
    type: 'case-started',
    atMs: clock.nowMs(),
    case: kase.id,
    title: kase.title,
    position: kase.position,
    timeoutMs: kase.timeoutMs,
    priority: kase.priority,
    tags: kase.tags,
    ...(Object.keys(kase.vars).length > 0 ? { vars: kase.vars } : {}),
    ...(Object.keys(kase.matrix).length > 0 ? { matrix: kase.matrix } : {}),
  });
  const undo = new UndoStack();
  const stop = new AbortController();
  const signal = AbortSignal.any([outerSignal, stop.signal]);
  let error: TestcardError | undefined;
  let broken: TestcardError | undefined;
  let startedAtMs = clock.nowMs();
  try {
    await bounded(world.prepare(signal), PREPARE_BUDGET_MS, 'services to be ready before the case', world);
    startedAtMs = clock.nowMs();
    world.emitEvent({ type: 'baseline', atMs: startedAtMs, case: kase.id });
    const fail = (broken: TestcardError) => stop.abort(broken);
    const noteBroken = (seen: TestcardError) => {
      broken ??= seen;
    };
    const context = caseContext(kase, world, { signal, undo, startedAtMs, fail, noteBroken });
    abortWhenOutOfTime(kase, world, stop);
    world.ownLoss().catch((error: unknown) => fail(toTestcardError(error)));
    abortWhenPublishingBreaks(context, stop);
    const throughout = watchThroughout(kase.throughout, context, (broken) => stop.abort(broken));
    try {
      await untilAborted(runSteps(kase.steps, context, ''), signal);
    } finally {
      throughout.stop();
    }
    await throughout.judgeFinally();
  } catch (caught) {
    const cause = signal.aborted ? (signal.reason ?? caught) : caught;
    const ended = toTestcardError(cause);
    error = describeLosses(ended.code === 'CASE_TIMEOUT' && broken ? broken : ended, world.lossesSince(startedAtMs));
  }
  stop.abort(new TestcardError('INTERRUPTED', 'the case has ended'));
  const failures = await undo.unwind(CLEANUP_BUDGET_MS, clock);
  if (failures.length > 0) {
    const list = failures.map(({ name, error: reason }) => ({ name, message: toTestcardError(reason).message }));
    world.emitEvent({ type: 'cleanup', atMs: clock.nowMs(), case: kase.id, failures: list });
    // A clean-up error never replaces the first error, and still turns the run red.
    error ??= new TestcardError(
      'CLEANUP_FAILED',
      `cleaning up after the case failed: ${list.map(({ name, message }) => `${name}: ${message}`).join('; ')}`,
      { position: kase.position },
    );
  }
  const verdict: Verdict = error === undefined ? 'passed' : error.kind === 'failed' ? 'failed' : 'inconclusive';
  const elapsedMs = clock.monotonicMs() - began;
  world.emitEvent({
    type: 'case-ended',
    atMs: clock.nowMs(),
    case: kase.id,
    verdict,
    elapsedMs,
    ...(error ? { error: errorRecord(error, world.mask) } : {}),
  });
  return { case: kase.id, verdict, elapsedMs, ...(error ? { error } : {}) };
}

function caseContext(
  kase: Case,
  world: CaseWorld,
  own: Pick<CaseContext, 'signal' | 'undo' | 'startedAtMs' | 'fail' | 'noteBroken'>,
): CaseContext {
  const activities = new Map<string, Activity>();
  const phases: CaseContext['phases'] = [];
  const context: CaseContext = {
    ...world,
    ...own,
    caseId: kase.id,
    activities,
    endedActivities: new Set(),
    saved: {},
    vars: kase.vars,
    progress: () => {},
    phases,
    recoveredFrom: new Set(),
    justBroken: {},
    windowOf: ({ during }) => (during === undefined ? { fromMs: own.startedAtMs } : phaseWindow(during, phases)),
    runSteps: (steps, first) => runSteps(steps, context, '', first),
    fork: (signal) => ({ ...context, signal }),
  };
  return context;
}

/** A phase lasts until the next one, or the case's end; of several with one name the latest is meant. */
function phaseWindow(name: string, phases: CaseContext['phases']): Window {
  const index = phases.findLastIndex((phase) => phase.name === name);
  const phase = phases[index];
  if (!phase) throw new TestcardError('CHECK_INCONCLUSIVE', `phase ${name} has not begun yet`);
  const next = phases[index + 1];
  return { fromMs: phase.fromMs, ...(next ? { toMs: next.fromMs } : {}) };
}

function abortWhenOutOfTime(kase: Case, world: CaseWorld, stop: AbortController): void {
  world.clock.delay(kase.timeoutMs, stop.signal).then(
    () =>
      stop.abort(
        new TestcardError('CASE_TIMEOUT', `the case did not end within its ${formatDurationMs(kase.timeoutMs)}`, {
          position: kase.position,
          hint: 'raise `timeout` of the case, or see on the timeline which step took the time',
        }),
      ),
    () => {}, // the case ended first
  );
}

/**
 * A publisher that breaks off makes what follows meaningless: end the case at once, and say so, rather than wait for checks to fail.
 * Unless the case broke it itself: then that is what was wanted, and the case goes on.
 */
function abortWhenPublishingBreaks(context: CaseContext, stop: AbortController): void {
  const set = context.activities.set.bind(context.activities);
  context.activities.set = (name, activity) => {
    if (activity.kind === 'publisher') {
      activity.ended.catch((error: unknown) => {
        const recent = context.faults.since(context.clock.nowMs() - NOTICED_WITHIN_MS);
        if (!stop.signal.aborted && !recent.some((fault) => couldBreak(fault, activity)))
          stop.abort(toTestcardError(error));
      });
    }
    return set(name, activity);
  };
}

/** Faults of a link that end a connection. */
const ENDING = ['network.cut', 'network.reset', 'network.wedge', 'network.slow-close'];

/** Whether a fault could have ended the publisher: it was done to the service or the link that it publishes over, or to its stream. */
function couldBreak({ key, input }: ActiveFault, { name, url }: Activity): boolean {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  const { service, stream, between } = input as { service?: string; stream?: string; between?: string[] };
  const host = target?.hostname;
  if (key.startsWith('service.')) return service === host;
  if (key.startsWith('media.')) {
    const path = stream !== undefined && URL.canParse(stream) ? new URL(stream).pathname : stream;
    return key === 'media.disconnect' && service === host && path === target?.pathname;
  }
  const isOwn = (each: string) => each === name || each === 'testcard';
  return ENDING.includes(key) && between?.some(isOwn) === true && between.some((each) => each === host);
}

/** Rejects as soon as the signal aborts, even when what runs does not listen; that is then left to the undo stack. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
    work.catch(() => {}); // its own rejection after an abort has nobody left to tell
  }
}

async function bounded(work: Promise<void>, budgetMs: number, what: string, world: CaseWorld): Promise<void> {
  const done = new AbortController();
  try {
    await Promise.race([
      work,
      world.clock.delay(budgetMs, done.signal).then(() => {
        throw new TestcardError('SERVICE_NOT_READY', `waited ${formatDurationMs(budgetMs)} for ${what}`);
      }),
    ]);
  } finally {
    done.abort(new Error('done'));
  }
}

function describeLosses(error: TestcardError, losses: string[]): TestcardError {
  if (losses.length === 0 || error.kind === 'interrupted') return error;
  const details: ErrorDetails = {
    hint: [error.hint, `meanwhile: ${losses.join('; ')}`].filter(Boolean).join(' · '),
    position: error.position,
    detail: error.detail,
    cause: error.cause,
  };
  return new TestcardError(error.code, error.message, details);
}
