// How a suite writes what it demands of log lines, and that demand in words.

import { z } from 'zod';
import { fieldPatternsField } from '../../model/matcher.ts';
import { describeNumberMatcher, type NumberMatcher, numberMatcherField } from '../../model/number-matcher.ts';
import { describeFields, type FieldPatterns } from '../../model/pattern.ts';
import { type BetweenInput, betweenField, describeBetween } from './between.ts';
import { describeFollowedBy, type FollowedByInput, followedByField } from './followed-by.ts';
import { describeIntervals, type IntervalsInput, intervalsField } from './intervals.ts';
import { describeUnderWay, type UnderWayInput, underWayField } from './under-way.ts';

export interface LogInput {
  log: { of: string; where?: FieldPatterns | undefined };
  count?: NumberMatcher | undefined;
  sequence?: FieldPatterns[] | undefined;
  intervals?: IntervalsInput | undefined;
  'followed-by'?: FollowedByInput | undefined;
  'under-way'?: UnderWayInput | undefined;
  between?: BetweenInput | undefined;
}

const whereField = fieldPatternsField.describe(
  'Fields that a line must have, all of them: a value, `/a regular expression/i`, a list of alternatives or a map of matchers. Nested fields by path (`fragment.id`); `text` is the whole line',
);

export const logSchema = z.strictObject({
  log: z
    .strictObject({
      of: z.string().min(1).describe('The service whose lines are looked at'),
      where: whereField.optional(),
    })
    .describe('Lines of a service since the case (or the phase) began; without `where`, all of them'),
  count: numberMatcherField(z.number().int().min(0))
    .optional()
    .describe('How many lines fit: a number, or a map of matchers. Without any matcher at least one must'),
  sequence: z
    .array(whereField)
    .min(1)
    .optional()
    .describe('Lines that must come in this order; others may come between them'),
  intervals: intervalsField.optional(),
  'followed-by': followedByField.optional(),
  'under-way': underWayField.optional(),
  between: betweenField.optional(),
});

export function describeLines({ of, where }: LogInput['log']): string {
  return where === undefined ? `log of ${of}` : `log of ${of} with ${describeFields(where)}`;
}

/** How many lines must fit: at least one when nothing else is said. */
export function demandedCount(input: LogInput): NumberMatcher | undefined {
  const { count, sequence, intervals } = input;
  const other = sequence ?? intervals ?? input['followed-by'] ?? input['under-way'];
  return count ?? (other ? undefined : { 'at-least': 1 });
}

export function describeCount(count: NumberMatcher): string {
  if (count.equals === 0) return 'no line';
  const words = describeNumberMatcher(count);
  return `${words} ${/\b1$/.test(words) ? 'line' : 'lines'}`;
}

export function describeSequence(sequence: FieldPatterns[]): string {
  return `${sequence.map(describeFields).join(', then ')}, in this order`;
}

/** Services whose lines are needed, the check's own first. */
export function servicesOf({ log, between, ...input }: LogInput): string[] {
  const followed = input['followed-by']?.lines ?? [];
  const underWay = input['under-way'];
  const sources = [between?.from, between?.to, underWay?.from, underWay?.to, ...followed];
  return [...new Set([log.of, ...sources.flatMap((source) => source?.of ?? [])])];
}

/** Everything demanded of the lines, in words. */
export function describeDemands(input: LogInput): string {
  const { of } = input.log;
  const count = demandedCount(input);
  const followed = input['followed-by'];
  const underWay = input['under-way'];
  const demands = [
    ...(count ? [describeCount(count)] : []),
    ...(input.sequence ? [describeSequence(input.sequence)] : []),
    ...(input.intervals ? [describeIntervals(input.intervals)] : []),
    ...(followed ? [describeFollowedBy(followed, of)] : []),
    ...(underWay ? [describeUnderWay(underWay, of)] : []),
  ].join('; ');
  return input.between ? `${demands}, ${describeBetween(input.between, of)}` : demands;
}
