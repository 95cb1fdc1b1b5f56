import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  checkMediaFields,
  describeMediaFault,
  isMomentary,
  mediaFault,
  mediaFaultSchemas,
  mediaFields,
} from './media-fault.ts';

const schema = z.strictObject(mediaFields).superRefine(checkMediaFields);
const at = { on: 'relay', stream: 'rtsp://relay:8554/live/in' };
const target = { service: 'relay', stream: at.stream };

describe('the fields of a media fault', () => {
  it.each([
    [{ 'freeze-video': true }, 'media.freeze-video', {}, 'freeze the picture of rtsp://relay:8554/live/in'],
    [{ 'drop-audio': true }, 'media.drop-audio', {}, 'drop the sound of rtsp://relay:8554/live/in'],
    [
      { 'delay-audio': '300ms' },
      'media.delay-audio',
      { delayMs: 300 },
      'delay the sound of rtsp://relay:8554/live/in by 300ms',
    ],
    [
      { 'drop-every': 22 },
      'media.drop-packets',
      { every: 22 },
      'lose every 22nd packet of the picture of rtsp://relay:8554/live/in',
    ],
    [
      { 'restart-timestamps': true },
      'media.restart-timestamps',
      {},
      'restart the timestamps of rtsp://relay:8554/live/in',
    ],
    [{ disconnect: true }, 'media.disconnect', {}, 'disconnect the publisher of rtsp://relay:8554/live/in'],
  ] as const)('%j means %s', (fields, key, more, words) => {
    const fault = mediaFault(schema.parse({ ...at, ...fields }));
    expect(fault).toEqual({ key, input: { ...target, ...more } });
    expect(mediaFaultSchemas[key].safeParse(fault.input).success).toBe(true);
    expect(describeMediaFault(fault)).toBe(words);
  });

  it('name exactly one thing that happens, within what can be shown', () => {
    const problems = (fields: object) =>
      (schema.safeParse({ ...at, ...fields }).error?.issues ?? []).map(({ message }) => message);
    const one = 'says what happens to the media: one of freeze-video, drop-audio, delay-audio, drop-every, ';
    expect(problems({})).toEqual([`${one}restart-timestamps, disconnect`]);
    expect(problems({ 'drop-audio': true, disconnect: true })).toEqual([
      `${one}restart-timestamps, disconnect; for two at once write two steps`,
    ]);
    expect(problems({ 'delay-audio': '5ms' })).toContain('from 20ms to 3.5s');
    expect(problems({ 'drop-every': 1 })).toHaveLength(1);
    expect(problems({ 'drop-audio': true, stream: 'http://relay/live' })).toEqual([
      'an rtsp:// or rtmp:// address with a path, as services see it',
    ]);
  });

  it('tell what is over in a moment', () => {
    expect(isMomentary(schema.parse({ ...at, disconnect: true }))).toBe(true);
    expect(isMomentary(schema.parse({ ...at, 'freeze-video': true }))).toBe(false);
  });
});
