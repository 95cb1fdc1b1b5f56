// `stop`: ends a publisher or a recording now.

import { z } from 'zod';
import type { StepKind } from '../../model/kinds.ts';
import { activityNamed } from '../activities.ts';

const schema = z.string().min(1);

export const stopStep: StepKind<string> = {
  key: 'stop',
  docs: { summary: 'Ends a publisher or a recording now and waits for it to be closed.', example: '- stop: output' },
  schema: () => schema,
  describe: (name) => `stop ${name}`,
  uses: (name) => [{ kind: 'activity', name, path: [] }],
  async run(name, context) {
    const activity = activityNamed(context, name);
    context.progress(`${name} to close`);
    await activity.stop(context.signal);
    await activity.ended;
  },
};
