// `expect`: every check in it must hold now. All are judged, so that one broken promise does not hide another.

import type { z } from 'zod';
import { poll } from '../../base/poll.ts';
import { TestcardError } from '../../model/errors.ts';
import type { StepKind } from '../../model/kinds.ts';
import type { CaseContext } from '../../model/ports.ts';
import type { CheckNode } from '../../model/suite.ts';
import type { Judgement } from '../../model/verdict.ts';
import { judgeCheck, judgementError, recordJudgement } from '../judge-check.ts';

export const expectStep: StepKind<CheckNode[]> = {
  key: 'expect',
  docs: {
    summary:
      'Every check must hold now. All of them are judged even when one fails. A log line may be on its way still: it is looked for again for 250 ms.',
    example:
      '- expect:\n    - metric: frames_total\n      of: worker\n      increases-by: 10\n    - recording: output\n      streams: { video: h264, audio: aac }',
  },
  schema: (shapes): z.ZodType<CheckNode[]> => shapes.checks,
  describe: (checks) => `expect ${checks.map((check) => check.title).join('; ')}`,
  children: (checks) => ({ checks }),
  async run(checks, context) {
    const errors: TestcardError[] = [];
    for (const [index, check] of checks.entries()) {
      context.progress(check.title);
      const judgement = await judgeWhenSeen(context, check, index);
      recordJudgement(context, check, judgement, 'expect');
      if (judgement.verdict === 'passed') continue;
      const error = judgementError(check, judgement);
      errors.push(error);
      if (error.kind === 'failed') context.noteBroken?.(error);
    }
    const first = errors.find((error) => error.kind === 'failed') ?? errors[0];
    if (!first) return;
    throw withOthers(first, errors);
  },
};

/** What has happened may be on its way here still: looks again until it holds, or until it would have been seen. */
async function judgeWhenSeen(context: CaseContext, check: CheckNode, index: number): Promise<Judgement> {
  const { clock, signal } = context;
  const look = () => judgeCheck(context, check, signal, { how: 'expect', check: index });
  const withinMs = check.kind.seenWithinMs ?? 0;
  let judgement = await look();
  if (judgement.verdict === 'passed' || withinMs === 0) return judgement;
  await poll<void>(
    async () => {
      judgement = await look();
      return judgement.verdict === 'passed' ? { done: true, value: undefined } : { done: false };
    },
    { withinMs, clock, signal },
  );
  return judgement;
}

/** The error to throw when several checks did not hold: the first one, with the others in its cause for the report. */
function withOthers(first: TestcardError, all: TestcardError[]): TestcardError {
  if (all.length === 1) return first;
  return new TestcardError(first.code, first.message, {
    hint: first.hint,
    position: first.position,
    detail: first.detail,
    cause: new AggregateError(
      all.filter((error) => error !== first),
      `${all.length - 1} more of this step did not hold`,
    ),
  });
}
