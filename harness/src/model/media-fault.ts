// What a suite says about broken media, and the fault that it means: `media: { on: relay, stream: "rtsp://…", delay-audio: 300ms }`.

import { z } from 'zod';
import { formatDurationMs } from '../base/duration.ts';
import { durationField } from './fields.ts';

/** The service that the media passes, and the stream there, as services see it. */
export interface MediaTarget {
  service: string;
  stream: string;
}

/** The ways to break media, by the key of the fault, with what each takes. */
export interface MediaFaultInputs {
  'media.freeze-video': MediaTarget;
  'media.drop-audio': MediaTarget;
  'media.delay-audio': MediaTarget & { delayMs: number };
  'media.drop-packets': MediaTarget & { every: number };
  'media.restart-timestamps': MediaTarget;
  'media.disconnect': MediaTarget;
}

/** A fault to ask of a FaultsPort. */
export type MediaFault = {
  [K in keyof MediaFaultInputs]: { key: K; input: MediaFaultInputs[K] };
}[keyof MediaFaultInputs];

/** Less cannot be told from what encoders do to lip sync themselves. */
const LEAST_DELAY_MS = 20;
const MOST_DELAY_MS = 3_500;
/** Rarer losses are not seen in a short look. */
const MOST_EVERY = 50;

const streamField = z
  .string()
  .regex(/^(rtsp|rtmp):\/\/[^/\s]+\/\S+$/, { error: 'an rtsp:// or rtmp:// address with a path, as services see it' });
const delayField = durationField.refine((ms) => ms >= LEAST_DELAY_MS && ms <= MOST_DELAY_MS, {
  error: `from ${formatDurationMs(LEAST_DELAY_MS)} to ${formatDurationMs(MOST_DELAY_MS)}`,
});
const everyField = z.int().min(2).max(MOST_EVERY);

/** The fields of the `media` step, without `for`. Check them with `checkMediaFields`. */
export const mediaFields = {
  on: z.string().min(1).describe('The service that the media passes; its Compose entry has `x-testcard.media-faults`'),
  stream: streamField.describe('The stream, as services see it: rtsp://relay:8554/live/test/in'),
  'freeze-video': z
    .literal(true)
    .optional()
    .describe(
      'Frames go on with advancing timestamps, each the same picture; it moves again from the next keyframe on',
    ),
  'drop-audio': z.literal(true).optional().describe('No sound, as if the source sent none'),
  'delay-audio': delayField
    .optional()
    .describe('The sound is this much late against the picture. Seen by flash and beep: a test card must be published'),
  'drop-every': everyField.optional().describe('Every n-th packet of the picture is lost'),
  'restart-timestamps': z
    .literal(true)
    .optional()
    .describe('All timestamps begin at 0 again, once, as if the source had restarted'),
  disconnect: z.literal(true).optional().describe('The publisher’s connection is closed, once'),
};
const fieldsSchema = z.strictObject(mediaFields);
export type MediaFields = z.output<typeof fieldsSchema>;

const EFFECTS = [
  'freeze-video',
  'drop-audio',
  'delay-audio',
  'drop-every',
  'restart-timestamps',
  'disconnect',
] as const;

/** For `superRefine` of the schema that the fields stand in. */
export function checkMediaFields(
  fields: MediaFields,
  context: { addIssue(issue: { code: 'custom'; message: string; path?: string[] }): void },
): void {
  const asked = EFFECTS.filter((effect) => fields[effect] !== undefined);
  if (asked.length === 1) return;
  const more = asked.length > 1 ? '; for two at once write two steps' : '';
  context.addIssue({
    code: 'custom',
    message: `says what happens to the media: one of ${EFFECTS.join(', ')}${more}`,
  });
}

/** Over in a moment: there is nothing to hold `for` a time. */
export const isMomentary = (fields: MediaFields): boolean =>
  fields.disconnect !== undefined || fields['restart-timestamps'] !== undefined;

/** The fault that checked fields ask for. */
export function mediaFault(fields: MediaFields): MediaFault {
  const input: MediaTarget = { service: fields.on, stream: fields.stream };
  const { 'delay-audio': delayMs, 'drop-every': every } = fields;
  if (delayMs !== undefined) return { key: 'media.delay-audio', input: { ...input, delayMs } };
  if (every !== undefined) return { key: 'media.drop-packets', input: { ...input, every } };
  if (fields['freeze-video']) return { key: 'media.freeze-video', input };
  if (fields['drop-audio']) return { key: 'media.drop-audio', input };
  if (fields['restart-timestamps']) return { key: 'media.restart-timestamps', input };
  return { key: 'media.disconnect', input };
}

const targetShape = { service: z.string().min(1), stream: streamField };

/** What each kind of fault takes, in plain numbers. */
export const mediaFaultSchemas: { [K in keyof MediaFaultInputs]: z.ZodType<MediaFaultInputs[K]> } = {
  'media.freeze-video': z.strictObject(targetShape),
  'media.drop-audio': z.strictObject(targetShape),
  'media.delay-audio': z.strictObject({
    ...targetShape,
    delayMs: z.int().min(LEAST_DELAY_MS).max(MOST_DELAY_MS),
  }),
  'media.drop-packets': z.strictObject({ ...targetShape, every: everyField }),
  'media.restart-timestamps': z.strictObject(targetShape),
  'media.disconnect': z.strictObject(targetShape),
};

const WORDS: Record<keyof MediaFaultInputs, string> = {
  'media.freeze-video': 'freeze the picture',
  'media.drop-audio': 'drop the sound',
  'media.delay-audio': 'delay the sound',
  'media.drop-packets': 'lose packets of the picture',
  'media.restart-timestamps': 'restart the timestamps',
  'media.disconnect': 'disconnect the publisher',
};

/** `delay the sound of rtsp://relay:8554/live/in by 300 ms`. */
export function describeMediaFault({ key, input }: MediaFault): string {
  if (key === 'media.delay-audio') return `${WORDS[key]} of ${input.stream} by ${formatDurationMs(input.delayMs)}`;
  if (key === 'media.drop-packets')
    return `lose every ${ordinal(input.every)} packet of the picture of ${input.stream}`;
  return `${WORDS[key]} of ${input.stream}`;
}

function ordinal(count: number): string {
  const tens = Math.floor(count / 10) % 10;
  const suffix = tens === 1 ? undefined : ({ 1: 'st', 2: 'nd', 3: 'rd' } as Record<number, string>)[count % 10];
  return `${count}${suffix ?? 'th'}`;
}
