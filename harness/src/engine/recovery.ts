// How long recovery took: from the moment the last fault was over until a check held again.

import { formatDurationMs } from '../base/duration.ts';
import { TestcardError } from '../model/errors.ts';
import type { CaseContext } from '../model/ports.ts';
import type { CheckNode } from '../model/suite.ts';
import type { Judgement } from '../model/verdict.ts';

/**
 * Notes the recovery that a check which has just come true ends: always when `promisedMs` is given, otherwise for the first check after each
 * fault. Throws CHECK_FAILED when it took longer than promised, CHECK_INCONCLUSIVE when no fault is over yet.
 */
export async function noteRecovery(
  context: CaseContext,
  check: CheckNode,
  judgement: Judgement,
  promisedMs: number | undefined,
): Promise<void> {
  const { faults, clock } = context;
  const { position } = check;
  // The pipeline may be well again before the end of the fault has been shown.
  await Promise.allSettled(faults.active().map(({ reverting }) => reverting));
  const over = faults.lastReverted();
  const active = faults.active();
  if (promisedMs === undefined && (!over || active.length > 0 || context.recoveredFrom.has(over.atMs))) return;
  if (!over || active.length > 0) {
    const why = active[0] ? `${active[0].title} is still in force` : 'no fault is over yet in this case';
    throw new TestcardError('CHECK_INCONCLUSIVE', `${check.title} — its recovery cannot be timed: ${why}`, {
      position,
    });
  }
  context.recoveredFrom.add(over.atMs);
  // What decided may have happened before it was looked at; what was true all along took no time to recover.
  const recoveryMs = Math.max(0, (judgement.atMs ?? clock.nowMs()) - over.atMs);
  context.emitEvent({
    type: 'recovery',
    atMs: clock.nowMs(),
    case: context.caseId,
    after: over.title,
    check: check.title,
    recoveryMs,
    ...(promisedMs === undefined ? {} : { promisedMs }),
  });
  if (promisedMs === undefined || recoveryMs <= promisedMs) return;
  throw new TestcardError(
    'CHECK_FAILED',
    `${check.title}: recovers within ${formatDurationMs(promisedMs)} after ${over.title} — it took ${formatDurationMs(recoveryMs)}`,
    { position },
  );
}
