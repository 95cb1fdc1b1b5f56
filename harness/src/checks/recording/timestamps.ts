// `timestamps`: whether the labels on packets are in order, and whether they agree with the sound that they label.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField, mustDemand } from '../../model/fields.ts';
import type { TimestampsMeasure } from '../../model/measurements.ts';
import {
  describeNumberMatcher,
  missBy,
  type NumberMatcher,
  numberHolds,
  numberMatcherField,
} from '../../model/number-matcher.ts';
import type { Finding } from '../combine.ts';
import { counted, missWords, shortMs, shortNumber } from '../words.ts';
import { finding, type MeasureDemand, unknown } from './measure-demand.ts';

interface TimestampsInput {
  monotonic?: true | undefined;
  'largest-jump'?: NumberMatcher | undefined;
  'clock-disagreement'?: NumberMatcher | undefined;
  'start-skew'?: NumberMatcher | undefined;
  overlaps?: NumberMatcher | undefined;
  wraps?: NumberMatcher | undefined;
}

const wholeNumber = z.number().int().min(0);

export const timestampsDemand: MeasureDemand<TimestampsInput> = {
  name: 'timestamps',
  schema: z
    .strictObject({
      monotonic: z
        .literal(true, { error: 'only `true` can be demanded' })
        .optional()
        .describe('DTS never go back, and no PTS is before its DTS'),
      'largest-jump': numberMatcherField(durationField, 'at-most')
        .optional()
        .describe(
          'The longest step from one DTS of a stream to the next, either way: at most this, or a map of matchers',
        ),
      'clock-disagreement': numberMatcherField(durationField, 'at-most')
        .optional()
        .describe(
          'How far the time on the sound and the time counted in its samples come apart (more than 2 ms shows holes and loops): at most this, or a map of matchers',
        ),
      'start-skew': numberMatcherField(durationField, 'at-most')
        .optional()
        .describe(
          'How far apart the first picture and the first sound are, either way: at most this, or a map of matchers',
        ),
      overlaps: numberMatcherField(wholeNumber)
        .optional()
        .describe('Packets that begin before the one before them has ended: a number, or a map of matchers'),
      wraps: numberMatcherField(wholeNumber)
        .optional()
        .describe('How often timestamps start again from zero: a number, or a map of matchers'),
    })
    .superRefine(
      mustDemand(
        (input) => Object.values(input).some((value) => value !== undefined),
        'says nothing that must be true: add `monotonic: true`, `largest-jump` or another',
      ),
    )
    .describe('Labels on packets: their order, jumps, and whether they agree with the sound'),
  describe: (input) => describeAll(input).join(', '),
  judge({ timestamps, unmeasured }, input) {
    if (!timestamps || timestamps.perStream.length === 0) {
      return [unknown(describeAll(input).join(', '), unmeasured?.timestamps ?? 'it has no packets with timestamps')];
    }
    const findings: Finding[] = [];
    if (input.monotonic) findings.push(judgeOrder(timestamps));
    for (const [key, read] of Object.entries(READINGS)) {
      const matcher = input[key as keyof typeof READINGS];
      if (matcher) findings.push(judgeReading(key as keyof typeof READINGS, matcher, read(timestamps)));
    }
    return findings;
  },
};

const sum = (stamps: TimestampsMeasure, key: 'overlaps' | 'wraps') =>
  stamps.perStream.reduce((total, stream) => total + stream[key], 0);

const READINGS = {
  'largest-jump': (stamps: TimestampsMeasure) => stamps.largestJumpMs,
  'clock-disagreement': ({ clockDisagreementMs }: TimestampsMeasure) => clockDisagreementMs,
  'start-skew': ({ startSkewMs }: TimestampsMeasure) => (startSkewMs === undefined ? undefined : Math.abs(startSkewMs)),
  overlaps: (stamps: TimestampsMeasure) => sum(stamps, 'overlaps'),
  wraps: (stamps: TimestampsMeasure) => sum(stamps, 'wraps'),
} as const;

const MONOTONIC = 'timestamps in order';

function judgeOrder(stamps: TimestampsMeasure): Finding {
  const back = stamps.perStream.reduce((total, stream) => total + stream.nonMonotonicDts, 0);
  const early = stamps.perStream.reduce((total, stream) => total + stream.ptsBeforeDts, 0);
  const holds = stamps.monotonic && back === 0 && early === 0;
  const issue = stamps.issues.find(({ kind }) => kind === 'dts-not-increasing' || kind === 'pts-before-dts');
  const where = issue ? `; first: ${issue.kind} at ${shortNumber(issue.atMs / 1_000)} s, ${issue.detail}` : '';
  const streams = stamps.perStream.map(({ kind }) => kind).join(' and ');
  const seen = holds
    ? `${streams} in order`
    : `${counted(back, 'DTS', 'DTS')} not after the one before, ${counted(early, 'PTS', 'PTS')} before its DTS${where}`;
  const figure = {
    name: 'timestamps',
    value: seen,
    promised: MONOTONIC,
    verdict: holds ? 'passed' : 'failed',
  } as const;
  return finding(holds, MONOTONIC, seen, { figure });
}

function judgeReading(key: keyof typeof READINGS, matcher: NumberMatcher, value: number | undefined): Finding {
  const isTime = key !== 'overlaps' && key !== 'wraps';
  const expected = describeReading(key, matcher);
  if (value === undefined || Number.isNaN(value)) {
    return unknown(
      expected,
      key === 'start-skew' ? 'it has not both picture and sound' : 'it has no sound to compare with',
    );
  }
  const show = isTime ? shortMs : String;
  const holds = numberHolds(matcher, value);
  const seen = `${key} ${show(value)}${holds ? '' : missWords(missBy(matcher, value), show)}`;
  const figure = { name: key, value: show(value), promised: expected, verdict: holds ? 'passed' : 'failed' } as const;
  return finding(holds, expected, seen, { figure });
}

function describeAll(input: TimestampsInput): string[] {
  return [
    ...(input.monotonic ? [MONOTONIC] : []),
    ...(Object.keys(READINGS) as (keyof typeof READINGS)[]).flatMap((key) => {
      const matcher = input[key];
      return matcher ? [describeReading(key, matcher)] : [];
    }),
  ];
}

function describeReading(key: keyof typeof READINGS, matcher: NumberMatcher): string {
  const isTime = key !== 'overlaps' && key !== 'wraps';
  return `${key} ${describeNumberMatcher(matcher, isTime ? formatDurationMs : String)}`;
}
