// `repeat`: runs steps a number of times, or again and again for a time.

import { z } from 'zod';
import { deadlineIn } from '../../base/deadline.ts';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField } from '../../model/fields.ts';
import type { StepKind } from '../../model/kinds.ts';
import type { StepNode } from '../../model/suite.ts';

interface Repeat {
  times?: number | undefined;
  for?: number | undefined;
  steps: StepNode[];
}

export const repeatStep: StepKind<Repeat> = {
  key: 'repeat',
  docs: {
    summary:
      'Runs its steps `times` times, or again and again until `for` has passed (a round that has begun is finished).',
    example: '- repeat:\n    times: 3\n    steps:\n      - request: { url: "http://worker:8000/health", status: 200 }',
  },
  schema: (shapes) =>
    z
      .strictObject({
        times: z.int().min(1).max(10_000).optional().describe('How many rounds'),
        for: durationField.optional().describe('Start rounds until this has passed'),
        steps: z.lazy(() => shapes.steps).describe('The steps of a round'),
      })
      .refine((input) => (input.times === undefined) !== (input.for === undefined), {
        error: 'exactly one of `times` and `for`',
      }),
  describe: ({ times, for: forMs, steps }) =>
    `repeat ${times === undefined ? `for ${formatDurationMs(forMs ?? 0)}` : `${times} times`}: ${steps.length} steps`,
  children: ({ steps }) => ({ steps }),
  longestMs: ({ for: forMs }) => forMs ?? 0,
  async run({ times, for: forMs, steps }, context) {
    const deadline = deadlineIn(forMs ?? 0, context.clock);
    for (let round = 0; times === undefined ? !deadline.passed() : round < times; round += 1) {
      context.progress(`round ${round + 1}${times === undefined ? '' : ` of ${times}`}`);
      await context.runSteps(steps);
    }
  },
};
