// `parallel`: runs steps side by side; the first that fails ends the others.

import type { z } from 'zod';
import type { StepKind } from '../../model/kinds.ts';
import type { StepNode } from '../../model/suite.ts';

export const parallelStep: StepKind<StepNode[]> = {
  key: 'parallel',
  docs: {
    summary: 'Runs its steps side by side and waits for all. The first that does not hold ends the others.',
    example: '- parallel:\n    - finish: camera\n    - finish: output',
  },
  schema: (shapes): z.ZodType<StepNode[]> => shapes.steps,
  describe: (steps) => `parallel: ${steps.map((step) => step.title).join(' | ')}`,
  children: (steps) => ({ steps }),
  async run(steps, context) {
    const stop = new AbortController();
    const signal = AbortSignal.any([context.signal, stop.signal]);
    const branches = steps.map((step, index) =>
      context
        .fork(signal)
        .runSteps([step], index)
        .catch((error: unknown) => {
          stop.abort(error);
          throw error;
        }),
    );
    // Every branch is waited for, so that none is still acting when the next step starts; the first error is the cause.
    await Promise.allSettled(branches);
    if (stop.signal.aborted) throw stop.signal.reason;
    await Promise.all(branches);
  },
};
