// `media`: breaks the media of a stream on its way through a service that can be asked to.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField } from '../../model/fields.ts';
import type { StepKind } from '../../model/kinds.ts';
import { checkMediaFields, describeMediaFault, isMomentary, mediaFault, mediaFields } from '../../model/media-fault.ts';
import { holdFault } from '../hold-fault.ts';

const schema = z
  .strictObject({
    ...mediaFields,
    for: durationField.optional().describe('How long; default: until the case ends'),
  })
  .superRefine((input, context) => {
    checkMediaFields(input, context);
    if (isMomentary(input) && input.for !== undefined) {
      context.addIssue({ code: 'custom', message: 'this is over in a moment', path: ['for'] });
    }
  });
type Media = z.output<typeof schema>;

export const mediaStep: StepKind<Media> = {
  key: 'media',
  docs: {
    summary:
      'Breaks a stream where it passes a service: `freeze-video`, `drop-audio`, `delay-audio`, `drop-every`, `restart-timestamps`, `disconnect`. What readers of the stream get must show it before the step ends; a stream that nobody publishes is inconclusive.',
    example:
      '- media: { on: relay, stream: "rtsp://relay:8554/live/in", freeze-video: true, for: 5s }\n- media: { on: relay, stream: "rtsp://relay:8554/live/in", delay-audio: 300ms }',
  },
  schema: () => schema,
  describe: (input) =>
    `${describeMediaFault(mediaFault(input))}${input.for === undefined ? '' : ` for ${formatDurationMs(input.for)}`}`,
  uses: (input) => [
    { kind: 'service', name: input.on, path: ['on'] },
    { kind: 'url', name: input.stream, path: ['stream'] },
  ],
  async run(input, context) {
    const fault = mediaFault(input);
    context.progress(`readers to notice: ${describeMediaFault(fault)}`);
    await holdFault(context, fault.key, fault.input, input.for);
  },
};
