// `finish`: waits until a publisher's fixture, or a recorded stream, has ended by itself.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { poll } from '../../base/poll.ts';
import { TestcardError } from '../../model/errors.ts';
import { durationField } from '../../model/fields.ts';
import type { StepKind } from '../../model/kinds.ts';
import { activityNamed } from '../activities.ts';

const DEFAULT_WITHIN_MS = 30_000;

const full = z.strictObject({
  name: z.string().min(1).describe('Name of a publisher or recording'),
  within: durationField.optional().describe('Longest wait, default 30s'),
});
const schema = z.union([z.string().min(1), full]);
type Finish = z.output<typeof schema>;

const nameOf = (input: Finish) => (typeof input === 'string' ? input : input.name);
const withinOf = (input: Finish) => (typeof input === 'string' ? undefined : input.within) ?? DEFAULT_WITHIN_MS;

export const finishStep: StepKind<Finish> = {
  key: 'finish',
  docs: {
    summary:
      'Waits until a publisher has reached its fixture’s end, or a recorded stream has ended by itself (default within 30s). A recording that does not end in time is a failed promise; a publisher that breaks off is inconclusive.',
    example: '- finish: output\n- finish: { name: output, within: 45s }',
  },
  schema: () => schema,
  describe: (input) => `finish ${nameOf(input)}`,
  uses: (input) => [{ kind: 'activity', name: nameOf(input), path: typeof input === 'string' ? [] : ['name'] }],
  longestMs: withinOf,
  async run(input, context) {
    const name = nameOf(input);
    const activity = activityNamed(context, name);
    let settled = false;
    let problem: unknown;
    activity.ended.then(
      () => {
        settled = true;
      },
      (error: unknown) => {
        settled = true;
        problem = error;
      },
    );
    const result = await poll<true>(
      () => (settled ? { done: true, value: true } : { done: false, last: activity.progress() }),
      {
        withinMs: withinOf(input),
        clock: context.clock,
        signal: context.signal,
        onAttempt: (last) => context.progress(`${name} to end`, String(last)),
      },
    );
    if (problem) throw problem;
    if (!result.ok) {
      // A stream that goes on after its source has ended is the pipeline's doing; a publisher that does is FFmpeg's.
      const code = activity.kind === 'recording' ? 'CHECK_FAILED' : 'STEP_INCONCLUSIVE';
      throw new TestcardError(
        code,
        `${activity.kind} ${name} ends by itself within ${formatDurationMs(withinOf(input))} — it had not: ${activity.progress()}`,
      );
    }
  },
};
