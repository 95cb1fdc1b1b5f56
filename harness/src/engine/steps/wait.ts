// `wait`: lets time pass. Allowed, because some promises are about time, but rarely what is meant.

import type { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField } from '../../model/fields.ts';
import type { StepKind } from '../../model/kinds.ts';

const schema: z.ZodType<number> = durationField;

export const waitStep: StepKind<number> = {
  key: 'wait',
  docs: {
    summary: 'Lets time pass. Prefer `eventually`: it ends as soon as the thing waited for is true.',
    example: '- wait: 3s',
  },
  schema: () => schema,
  describe: (ms) => `wait ${formatDurationMs(ms)}`,
  longestMs: (ms) => ms,
  lint: () => 'a fixed wait is slow when things go well and too short when they do not; prefer `eventually`',
  async run(ms, context) {
    context.progress(`${formatDurationMs(ms)} to pass`);
    await context.clock.delay(ms, context.signal);
  },
};
