// `record`: waits, beside the steps, for a stream to be readable and records it losslessly.

import { z } from 'zod';
import type { StepKind } from '../../model/kinds.ts';
import { startActivity } from '../activities.ts';

const schema = z.strictObject({
  from: z.string().min(1).describe('Address to read, as the services see it: rtsp://… or rtmp://…'),
  as: z.string().min(1).describe('Name of the recording, for `finish`, `stop` and `recording` checks'),
});
type Record = z.output<typeof schema>;

export const recordStep: StepKind<Record> = {
  key: 'record',
  docs: {
    summary:
      'Records a stream without re-encoding. The step itself ends at once: the recorder waits in the background until the stream is readable, then records until the stream ends, `stop`, or the case’s end.',
    example: '- record: { from: "rtmp://relay:1935/live/out", as: output }',
  },
  schema: () => schema,
  describe: (input) => `record ${input.from} as ${input.as}`,
  uses: (input) => [{ kind: 'url', name: input.from, path: ['from'] }],
  defines: (input) => [{ kind: 'recording', name: input.as }],
  async run(input, context) {
    await startActivity(context, () => context.media.record(input, context.signal));
  },
};
