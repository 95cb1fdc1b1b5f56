// Looks once at what a check is about and says whether it holds; every look that decides something goes onto the timeline.

import { TestcardError } from '../model/errors.ts';
import type { CaseContext } from '../model/ports.ts';
import type { CheckNode } from '../model/suite.ts';
import type { CheckUse } from '../model/timeline.ts';
import type { Judgement } from '../model/verdict.ts';

/**
 * Observes and judges. A check that could not look (a TestcardError that is inconclusive) gives an inconclusive judgement;
 * any other error is thrown. `continuous` asks for every sample of the window rather than the latest.
 */
export async function judgeCheck(
  context: CaseContext,
  check: CheckNode,
  signal: AbortSignal,
  continuous = false,
): Promise<Judgement> {
  try {
    const observation = await check.kind.observe(check.input, context, context.windowOf(check), signal);
    const judge = continuous ? (check.kind.judgeContinuously ?? check.kind.judge) : check.kind.judge;
    return judge(observation, check.input);
  } catch (error) {
    if (signal.aborted || !(error instanceof TestcardError) || error.kind !== 'inconclusive') throw error;
    return {
      verdict: 'inconclusive',
      expected: check.title,
      seen: error.message,
      hint: error.hint,
      detail: error.detail,
    };
  }
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
