// `disk`: fills the volume that a service writes to.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField } from '../../model/fields.ts';
import type { StepKind } from '../../model/kinds.ts';
import { holdFault } from '../hold-fault.ts';

const schema = z.strictObject({
  fill: z.string().min(1).describe('The service whose volume is filled; its Compose entry says where that is'),
  for: durationField.optional().describe('How long; default: until the case ends'),
});
type Disk = z.output<typeof schema>;

export const diskStep: StepKind<Disk> = {
  key: 'disk',
  docs: {
    summary:
      'Fills the volume that a service writes to, until not a byte fits. Only a volume with a file system of its own, of at most 1 GiB: the machine’s own disk is never filled. Shown by a write that fails.',
    example: '- disk: { fill: store, for: 5s }',
  },
  schema: () => schema,
  describe: (input) =>
    `fill the volume of ${input.fill}${input.for === undefined ? '' : ` for ${formatDurationMs(input.for)}`}`,
  uses: (input) => [{ kind: 'data-of', name: input.fill, path: ['fill'] }],
  async run(input, context) {
    context.progress(`the volume of ${input.fill} to be full`);
    await holdFault(context, 'disk.fill', { service: input.fill }, input.for);
  },
};
