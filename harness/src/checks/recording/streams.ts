// `streams`: which pictures and sound a recording holds.

import { z } from 'zod';
import { mustDemand } from '../../model/fields.ts';
import type { StreamFacts } from '../../model/measurements.ts';
import {
  describeNumberMatcher,
  type NumberMatcher,
  numberHolds,
  numberMatcherField,
} from '../../model/number-matcher.ts';
import type { Finding } from '../combine.ts';
import { shortNumber } from '../words.ts';
import { finding, type MeasureDemand, unknown } from './measure-demand.ts';

interface StreamInput {
  codec?: string[] | undefined;
  width?: NumberMatcher | undefined;
  height?: NumberMatcher | undefined;
  'frame-rate'?: NumberMatcher | undefined;
  'sample-rate'?: NumberMatcher | undefined;
  channels?: NumberMatcher | undefined;
}

type Kind = 'video' | 'audio';
type StreamsInput = { [kind in Kind]?: StreamInput | undefined };

const FACTS = {
  width: 'width',
  height: 'height',
  'frame-rate': 'frameRate',
  'sample-rate': 'sampleRateHz',
  channels: 'channels',
} as const satisfies Partial<Record<keyof StreamInput, keyof StreamFacts>>;

const codecName = z.string().regex(/^[a-z0-9_]+$/, { error: "FFmpeg's name of a codec, such as h264 or aac; or none" });
const codecs = z.union([codecName.transform((name) => [name]), z.array(codecName).min(1)]);
const codecOnly = codecs.transform((codec): StreamInput => ({ codec }));
const codec = codecs.optional().describe("Codec in FFmpeg's words, or a list of which any may be");
const amount = numberMatcherField(z.number().min(0)).optional();

function demandsSomething(input: object): boolean {
  return Object.values(input).some((value) => value !== undefined);
}

export const streamsDemand: MeasureDemand<StreamsInput> = {
  name: 'streams',
  schema: z
    .strictObject({
      video: z
        .union([
          codecOnly,
          z
            .strictObject({
              codec,
              width: amount.describe('Pixels'),
              height: amount.describe('Pixels'),
              'frame-rate': amount.describe('Frames per second'),
            })
            .superRefine(mustDemand(demandsSomething, 'says nothing that must be true of the stream')),
        ])
        .optional()
        .describe('The picture: its codec (`h264`), `none`, or a map'),
      audio: z
        .union([
          codecOnly,
          z
            .strictObject({ codec, 'sample-rate': amount.describe('Hz'), channels: amount.describe('How many') })
            .superRefine(mustDemand(demandsSomething, 'says nothing that must be true of the stream')),
        ])
        .optional()
        .describe('The sound: its codec (`aac`), `none`, or a map'),
    })
    .superRefine(mustDemand(demandsSomething, 'says nothing that must be true: add `video` or `audio`'))
    .describe('Which streams it holds'),
  describe: (input) =>
    (['video', 'audio'] as const).flatMap((kind) => describeStream(kind, input[kind]) ?? []).join(', '),
  judge({ streams }, input) {
    const filled = streams.filter(({ packets }) => packets > 0);
    const seen = filled.map((stream) => `${stream.kind} ${stream.codec}`).join(', ');
    return (['video', 'audio'] as const).flatMap((kind) => {
      const wanted = input[kind];
      const expected = describeStream(kind, wanted);
      if (!wanted || expected === undefined) return [];
      if (filled.length === 0) return [unknown(expected, 'it holds no packets of any stream')];
      const found = filled.filter((stream) => stream.kind === kind);
      if (found.length === 0) {
        const holds = wanted.codec?.includes('none') === true;
        return [finding(holds, expected, `it has no ${kind}, only ${seen}`)];
      }
      return found.map((stream) => judgeStream(stream, wanted, expected));
    });
  },
};

function judgeStream(stream: StreamFacts, wanted: StreamInput, expected: string): Finding {
  const wrong: string[] = [];
  let unknownFact: string | undefined;
  if (wanted.codec && !wanted.codec.includes(stream.codec)) wrong.push(`is ${stream.codec}`);
  for (const key of Object.keys(FACTS) as (keyof typeof FACTS)[]) {
    const matcher = wanted[key];
    if (!matcher) continue;
    const value = stream[FACTS[key]];
    if (value === undefined) unknownFact = key;
    else if (!numberHolds(matcher, value)) wrong.push(`has ${key} ${shortNumber(value)}`);
  }
  if (wrong.length > 0) return finding(false, expected, `${stream.kind} ${wrong.join(' and ')}`);
  if (unknownFact !== undefined) return unknown(expected, `the ${unknownFact} of the ${stream.kind} is not known`);
  const size = stream.width === undefined ? '' : ` ${stream.width}×${stream.height}`;
  return finding(true, expected, `${stream.kind} is ${stream.codec}${size}`, {
    figure: { name: stream.kind, value: `${stream.codec}${size}`, promised: expected, verdict: 'passed' },
  });
}

function describeStream(kind: Kind, wanted: StreamInput | undefined): string | undefined {
  if (!wanted) return undefined;
  const facts = (Object.keys(FACTS) as (keyof typeof FACTS)[]).flatMap((key) => {
    const matcher = wanted[key];
    return matcher ? [`${key} ${describeNumberMatcher(matcher)}`] : [];
  });
  return [kind, ...(wanted.codec ? [wanted.codec.join(' or ')] : []), ...facts].join(' ');
}
