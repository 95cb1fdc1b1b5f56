// How a suite writes what it demands of log lines, and that demand in words.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField } from '../../model/fields.ts';
import { fieldPatternsField } from '../../model/matcher.ts';
import {
  describeNumberMatcher,
  type NumberMatcher,
  numberMatcherField,
  type Tolerance,
  toleranceField,
} from '../../model/number-matcher.ts';
import { describeFields, type FieldPatterns } from '../../model/pattern.ts';

export interface LogInput {
  log: { of: string; where?: FieldPatterns | undefined };
  count?: NumberMatcher | undefined;
  sequence?: FieldPatterns[] | undefined;
  intervals?: { of?: string | undefined; are: number[]; tolerance?: Tolerance | undefined } | undefined;
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
  intervals: z
    .strictObject({
      of: z
        .string()
        .min(1)
        .optional()
        .describe(
          'The field that holds the time of a line: epoch seconds or milliseconds, or ISO 8601. Without it, the time at which Testcard read the line',
        ),
      are: z.array(durationField).min(1).describe('Time from each line to the next, one for each pair'),
      tolerance: toleranceField(durationField)
        .optional()
        .describe('How far each may be off: a percentage of it, or a duration. Default 10%'),
    })
    .optional()
    .describe('How far apart the lines that fit are, in order'),
});

const DEFAULT_TOLERANCE: Tolerance = { ratio: 0.1 };

export function describeLines({ of, where }: LogInput['log']): string {
  return where === undefined ? `log of ${of}` : `log of ${of} with ${describeFields(where)}`;
}

/** How many lines must fit: at least one when nothing else is said. */
export function demandedCount({ count, sequence, intervals }: LogInput): NumberMatcher | undefined {
  return count ?? (sequence || intervals ? undefined : { 'at-least': 1 });
}

/** How far an interval may be off, ms. */
export function allowedMs(intervalMs: number, tolerance: Tolerance = DEFAULT_TOLERANCE): number {
  return 'ratio' in tolerance ? intervalMs * tolerance.ratio : tolerance.absolute;
}

export function describeCount(count: NumberMatcher): string {
  if (count.equals === 0) return 'no line';
  const words = describeNumberMatcher(count);
  return `${words} ${/\b1$/.test(words) ? 'line' : 'lines'}`;
}

export function describeSequence(sequence: FieldPatterns[]): string {
  return `${sequence.map(describeFields).join(', then ')}, in this order`;
}

export function describeIntervals({ are, tolerance = DEFAULT_TOLERANCE }: NonNullable<LogInput['intervals']>): string {
  const off =
    'ratio' in tolerance ? `${Number((tolerance.ratio * 100).toFixed(4))}%` : formatDurationMs(tolerance.absolute);
  return `${are.map(formatDurationMs).join(', ')} apart (± ${off})`;
}

/** Everything demanded of the lines, in words. */
export function describeDemands(input: LogInput): string {
  const count = demandedCount(input);
  return [
    ...(count ? [describeCount(count)] : []),
    ...(input.sequence ? [describeSequence(input.sequence)] : []),
    ...(input.intervals ? [describeIntervals(input.intervals)] : []),
  ].join('; ');
}
