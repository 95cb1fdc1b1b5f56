// `eventually`: a check must come true in time; ends early when it no longer can.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { poll } from '../../base/poll.ts';
import { TestcardError } from '../../model/errors.ts';
import { durationField } from '../../model/fields.ts';
import type { StepKind } from '../../model/kinds.ts';
import type { CheckNode } from '../../model/suite.ts';
import type { Judgement } from '../../model/verdict.ts';
import { judgeCheck, judgementError, recordJudgement } from '../judge-check.ts';
import { noteRecovery } from '../recovery.ts';

const TIMED_EVERY_MS = 50;

interface Eventually {
  within: number;
  unless?: CheckNode | undefined;
  'recovers-within'?: number | undefined;
  check: CheckNode;
}

export const eventuallyStep: StepKind<Eventually> = {
  key: 'eventually',
  docs: {
    summary:
      'A check must come true within a time. It is looked at again and again (20 ms apart at first, at most 250 ms). `unless` names a check that, once true, ends the wait at once as failed. A time-out reports how often it looked, the last value and whether that was still moving.',
    example:
      '- eventually:\n    within: 20s\n    metric: frames_total\n    of: worker\n    increases-by: { at-least: 1 }',
  },
  schema: (shapes) =>
    shapes.wrapCheck({
      within: durationField.describe('Longest wait'),
      unless: z
        .lazy(() => shapes.check)
        .optional()
        .describe('A check that ends the wait as failed when it becomes true'),
      'recovers-within': durationField
        .optional()
        .describe('Longest time from the moment the last fault was over until the check holds'),
    }),
  describe: ({ within, check, 'recovers-within': recovery }) =>
    `eventually, within ${formatDurationMs(within)}: ${check.title}${recovery === undefined ? '' : `, recovers within ${formatDurationMs(recovery)}`}`,
  children: ({ check, unless }) => ({ checks: unless ? [check, unless] : [check] }),
  longestMs: ({ within }) => within,
  async run({ within, unless, check, 'recovers-within': recoversWithin }, context) {
    const anySinceMs = context.justBroken.atMs ?? context.clock.nowMs();
    const since = { ...context, windowOf: (each: CheckNode) => ({ ...context.windowOf(each), anySinceMs }) };
    let judgement: Judgement | undefined;
    let changedAtMs = 0;
    let lastValue: unknown;
    const result = await poll<Judgement>(
      async (signal) => {
        judgement = await judgeCheck(since, check, signal, { how: 'eventually' });
        if (judgement.verdict === 'passed') return { done: true, value: judgement };
        if (unless) {
          const barrier = await judgeCheck(since, unless, signal, { how: 'unless' });
          if (barrier.verdict === 'passed') {
            recordJudgement(context, unless, barrier, 'unless');
            return { done: false, last: judgement.last, hopeless: `${unless.title} became true (${barrier.seen})` };
          }
        }
        const hopeless = judgement.hopeless;
        return { done: false, last: judgement.last ?? judgement.seen, ...(hopeless === undefined ? {} : { hopeless }) };
      },
      {
        withinMs: within,
        // How often it looks is how exactly the recovery is timed.
        ...(recoversWithin === undefined ? {} : { maxEveryMs: TIMED_EVERY_MS }),
        clock: context.clock,
        signal: context.signal,
        onAttempt: (last, elapsedMs) => {
          if (last !== lastValue) {
            changedAtMs = elapsedMs;
            lastValue = last;
          }
          context.progress(check.title, last as string | number | undefined);
        },
      },
    );
    if (result.ok) {
      recordJudgement(context, check, result.value, 'eventually');
      await noteRecovery(context, check, result.value, recoversWithin);
      return;
    }
    if (!judgement) {
      throw new TestcardError(
        'CHECK_INCONCLUSIVE',
        `${check.title} — nothing could be looked at within ${formatDurationMs(within)}`,
        {
          position: check.position,
        },
      );
    }
    const waited = formatDurationMs(result.elapsedMs);
    const moving =
      result.elapsedMs - changedAtMs < result.elapsedMs / 4
        ? 'it was still changing'
        : `it had not changed for ${formatDurationMs(result.elapsedMs - changedAtMs)}`;
    const ending =
      result.why === 'hopeless'
        ? ` (gave up after ${waited}: ${result.reason})`
        : ` (looked ${result.attempts} times in ${waited}; ${moving})`;
    // A broken barrier is a broken promise even while the check itself had nothing to look at yet.
    const decided: Judgement =
      result.why === 'hopeless' && judgement.verdict === 'inconclusive' && judgement.hopeless === undefined
        ? { ...judgement, verdict: 'failed' }
        : judgement;
    recordJudgement(context, check, decided, 'eventually');
    throw judgementError(check, decided, ending);
  },
};
