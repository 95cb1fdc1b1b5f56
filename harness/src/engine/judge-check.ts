// Looks once at what a check is about and says whether it holds; every look that decides something goes onto the timeline.

import { TestcardError } from '../model/errors.ts';
import type { CaseContext, Window } from '../model/ports.ts';
import type { CheckNode } from '../model/suite.ts';
import type { CheckUse } from '../model/timeline.ts';
import type { Judgement } from '../model/verdict.ts';
import { watchLook } from './watch-look.ts';

/** Who looks: it is what a stored look is found again by. */
export interface LookAs {
  how: CheckUse;
  /** Which of the checks of the step, or of `throughout`. Default 0. */
  check?: number;
  isFinal?: boolean;
}

/**
 * Observes and judges, and puts the look on the timeline. A check that could not look (a TestcardError that is inconclusive) gives an
 * inconclusive judgement; any other error is thrown. `always` and `throughout` ask for every sample of the window rather than the latest.
 */
export async function judgeCheck(
  context: CaseContext,
  check: CheckNode,
  signal: AbortSignal,
  as: LookAs,
): Promise<Judgement> {
  const look = watchLook(context);
  let window: Window = { fromMs: context.startedAtMs };
  let judgement: Judgement;
  try {
    window = context.windowOf(check);
    const observation = await check.kind.observe(check.input, look.ports, window, signal);
    judgement = judgeObservation(check, observation, as.how);
  } catch (error) {
    if (signal.aborted) throw error;
    judgement = judgementOfFailure(check, error);
  }
  context.emitEvent({
    type: 'look',
    atMs: context.clock.nowMs(),
    case: context.caseId,
    step: as.how === 'throughout' ? '' : (context.step ?? ''),
    how: as.how,
    check: as.check ?? 0,
    window,
    seen: look.seen(),
    verdict: judgement.verdict,
    ...(as.isFinal ? { isFinal: true } : {}),
    ...(look.answers.length > 0 ? { answers: look.answers } : {}),
  });
  return judgement;
}

export function judgeObservation(check: CheckNode, observation: unknown, how: CheckUse): Judgement {
  const isContinuous = how === 'always' || how === 'throughout';
  const judge = isContinuous ? (check.kind.judgeContinuously ?? check.kind.judge) : check.kind.judge;
  return judge(observation, check.input);
}

/** A check that could not look is inconclusive. Throws any other error. */
export function judgementOfFailure(check: CheckNode, error: unknown): Judgement {
  if (!(error instanceof TestcardError) || error.kind !== 'inconclusive') throw error;
  const { message, hint, detail } = error;
  return { verdict: 'inconclusive', expected: check.title, seen: message, hint, detail };
}

export function recordJudgement(context: CaseContext, check: CheckNode, judgement: Judgement, how: CheckUse): void {
  context.emitEvent({
    type: 'check',
    atMs: context.clock.nowMs(),
    case: context.caseId,
    title: check.title,
    position: check.position,
    judgement,
    how,
  });
}

/** The error that a judgement which is not `passed` ends a step with. `extra` is appended to what was seen. */
export function judgementError(check: CheckNode, judgement: Judgement, extra = ''): TestcardError {
  const code = judgement.verdict === 'failed' ? 'CHECK_FAILED' : 'CHECK_INCONCLUSIVE';
  const message = `${judgement.expected} — ${judgement.seen}${extra}`;
  return new TestcardError(code, message, { position: check.position, hint: judgement.hint, detail: judgement });
}
