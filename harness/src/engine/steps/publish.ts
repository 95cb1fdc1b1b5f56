// `publish`: starts FFmpeg publishing a fixture; it runs beside the steps until the fixture or the case ends.

import { z } from 'zod';
import { durationField } from '../../model/fields.ts';
import type { StepKind } from '../../model/kinds.ts';
import { startActivity } from '../activities.ts';

const schema = z.strictObject({
  fixture: z.string().min(1).describe('Name of a recipe in fixtures/'),
  to: z.string().min(1).describe('Address to publish to, as the services see it: rtsp://… or rtmp://…'),
  as: z.string().min(1).optional().describe('Name for `finish` and `stop`; default: the fixture’s name'),
  loop: z
    .boolean()
    .optional()
    .describe('Start the fixture again when it ends, until stopped (joins are marked on the timeline)'),
  'start-at': durationField.optional().describe('Where in the fixture to start'),
});
type Publish = z.output<typeof schema>;

const nameOf = (input: Publish) => input.as ?? input.fixture;

export const publishStep: StepKind<Publish> = {
  key: 'publish',
  docs: {
    summary:
      'Starts FFmpeg publishing a fixture, in real time and without re-encoding. The step ends when the server has accepted the stream and it flows; publishing goes on until the fixture ends, `stop`, or the case’s end.',
    example: '- publish: { fixture: one-minute, to: "rtsp://relay:8554/live/in" }',
  },
  schema: () => schema,
  describe: (input) => `publish ${input.fixture} to ${input.to}`,
  uses: (input) => [
    { kind: 'fixture', name: input.fixture, path: ['fixture'] },
    { kind: 'url', name: input.to, path: ['to'] },
  ],
  defines: (input) => [{ kind: 'publisher', name: nameOf(input) }],
  async run(input, context) {
    const as = nameOf(input);
    context.progress(`${input.to} to accept the stream`);
    await startActivity(context, () =>
      context.media.publish(
        {
          fixture: input.fixture,
          to: input.to,
          as,
          ...(input.loop === undefined ? {} : { loop: input.loop }),
          ...(input['start-at'] === undefined ? {} : { startAtMs: input['start-at'] }),
        },
        context.signal,
      ),
    );
  },
};
