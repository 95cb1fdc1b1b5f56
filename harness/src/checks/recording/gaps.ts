// `gaps`: stretches without sound, pictures that come too late after each other, freezes.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField, mustDemand } from '../../model/fields.ts';
import type { Measurements } from '../../model/measurements.ts';
import {
  describeNumberMatcher,
  type NumberMatcher,
  numberHolds,
  numberMatcherField,
} from '../../model/number-matcher.ts';
import type { Finding } from '../combine.ts';
import { counted, shortMs, shortNumber } from '../words.ts';
import { finding, type MeasureDemand, unknown } from './measure-demand.ts';

interface GapsInput {
  'audio-longer-than'?: number | undefined;
  'video-longer-than'?: number | undefined;
  count?: NumberMatcher | undefined;
  freezes?: NumberMatcher | undefined;
}

type Gap = { atMs: number; durationMs: number };

const NONE: NumberMatcher = { equals: 0 };
const wholeNumber = z.number().int().min(0);

export const gapsDemand: MeasureDemand<GapsInput> = {
  name: 'gaps',
  schema: z
    .strictObject({
      'audio-longer-than': durationField
        .optional()
        .describe('Counts stretches longer than this in which the pilot tone (or, without one, any sound) is missing'),
      'video-longer-than': durationField
        .optional()
        .describe('Counts times longer than this from one picture to the next'),
      count: numberMatcherField(wholeNumber)
        .optional()
        .describe('How many such gaps there may be, of each kind asked for: a number, or a map of matchers. Default 0'),
      freezes: numberMatcherField(wholeNumber)
        .optional()
        .describe(
          'How many freezes there may be: a picture that stands longer than max(3 × the mean, the mean + 150 ms), as WebRTC counts them',
        ),
    })
    .superRefine((input, context) => {
      const asked = input['audio-longer-than'] ?? input['video-longer-than'];
      if (asked === undefined && input.count !== undefined) {
        const message = 'counts gaps: add `audio-longer-than` or `video-longer-than`';
        context.addIssue({ code: 'custom', message, path: ['count'] });
      }
      mustDemand(
        () => asked !== undefined || input.freezes !== undefined,
        'needs `audio-longer-than`, `video-longer-than` or `freezes`',
      )(input, context);
    })
    .describe('Holes in sound and picture'),
  describe: (input) =>
    demands(input)
      .map(({ expected }) => expected)
      .join(', '),
  judge: (measured, input) => demands(input).map((demand) => judgeGaps(measured, demand)),
};

interface Demand {
  kind: 'audio' | 'video' | 'freezes';
  expected: string;
  longerThanMs: number;
  count: NumberMatcher;
}

function demands({
  'audio-longer-than': audio,
  'video-longer-than': video,
  count = NONE,
  freezes,
}: GapsInput): Demand[] {
  const words = (of: string, matcher: NumberMatcher) =>
    matcher.equals === 0 ? `no ${of}` : `${of.replace(/^(gap|freeze)/, '$1s')}: ${describeNumberMatcher(matcher)}`;
  const made: Demand[] = [];
  if (audio !== undefined) {
    const expected = words(`gap in the sound longer than ${formatDurationMs(audio)}`, count);
    made.push({ kind: 'audio', expected, longerThanMs: audio, count });
  }
  if (video !== undefined) {
    const expected = words(`gap in the picture longer than ${formatDurationMs(video)}`, count);
    made.push({ kind: 'video', expected, longerThanMs: video, count });
  }
  if (freezes) made.push({ kind: 'freezes', expected: words('freeze', freezes), longerThanMs: 0, count: freezes });
  return made;
}

function judgeGaps(
  { gaps, streams, unmeasured }: Measurements,
  { kind, expected, longerThanMs, count }: Demand,
): Finding {
  const track = kind === 'audio' ? 'audio' : 'video';
  const there = streams.some((stream) => stream.kind === track && stream.packets > 0);
  if (!gaps || !there) return unknown(expected, unmeasured?.gaps ?? `it has no ${track} to look for gaps in`);
  const found: Gap[] = gaps[kind].filter(({ durationMs }) => durationMs > longerThanMs);
  const longest = found.reduce<Gap | undefined>((a, b) => (a && a.durationMs >= b.durationMs ? a : b), undefined);
  const any = gaps[kind].reduce((most, { durationMs }) => Math.max(most, durationMs), 0);
  const name = kind === 'freezes' ? 'freeze' : `gap in the ${kind === 'audio' ? 'sound' : 'picture'}`;
  const seen = longest
    ? `${counted(found.length, name, kind === 'freezes' ? 'freezes' : name.replace('gap', 'gaps'))}, the longest ${shortMs(longest.durationMs)} at ${shortNumber(longest.atMs / 1_000)} s of the stream`
    : `no ${name}${any > 0 ? `; the longest is ${shortMs(any)}` : ''}`;
  const pilot = kind === 'audio' && !gaps.pilotFound ? ' (no pilot tone: only digital silence is seen)' : '';
  const holds = numberHolds(count, found.length);
  const figure = { name: kind, value: seen, promised: expected, verdict: holds ? 'passed' : 'failed' } as const;
  return finding(holds, expected, `${seen}${pilot}`, { figure });
}
