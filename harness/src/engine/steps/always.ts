// `always`: a check must stay true for a time.

import { deadlineIn } from '../../base/deadline.ts';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField } from '../../model/fields.ts';
import type { StepKind } from '../../model/kinds.ts';
import type { CheckNode } from '../../model/suite.ts';
import { judgeCheck, judgementError, recordJudgement } from '../judge-check.ts';

const EVERY_MS = 100;

interface Always {
  for: number;
  check: CheckNode;
}

export const alwaysStep: StepKind<Always> = {
  key: 'always',
  docs: {
    summary: 'A check must hold at every look for a time (ten looks a second, and every metric sample in between).',
    example: '- always:\n    for: 10s\n    metric: queue_length\n    of: worker\n    at-most: 3',
  },
  schema: (shapes) => shapes.wrapCheck({ for: durationField.describe('How long it must stay true') }),
  describe: ({ for: forMs, check }) => `always, for ${formatDurationMs(forMs)}: ${check.title}`,
  children: ({ check }) => ({ checks: [check] }),
  longestMs: ({ for: forMs }) => forMs,
  async run({ for: forMs, check }, context) {
    const deadline = deadlineIn(forMs, context.clock);
    const heldSinceMs = context.clock.nowMs();
    const since = { ...context, windowOf: (each: CheckNode) => ({ ...context.windowOf(each), heldSinceMs }) };
    for (;;) {
      const judgement = await judgeCheck(since, check, context.signal, { how: 'always' });
      if (judgement.verdict !== 'passed') {
        recordJudgement(context, check, judgement, 'always');
        throw judgementError(
          check,
          judgement,
          ` (held for ${formatDurationMs(deadline.elapsedMs())} of ${formatDurationMs(forMs)})`,
        );
      }
      context.progress(`${check.title} to stay true`, judgement.last);
      if (deadline.passed()) {
        recordJudgement(context, check, judgement, 'always');
        return;
      }
      await context.clock.delay(Math.min(EVERY_MS, deadline.remainingMs()), context.signal);
    }
  },
};
