// What a suite may demand of a number: `equals`, `at-most`, `between` … with a tolerance. Schema, evaluation and words.

import { z } from 'zod';
import { mustDemand } from './fields.ts';

export type Tolerance = { absolute: number } | { ratio: number };

export interface NumberMatcher {
  equals?: number | undefined;
  not?: number | undefined;
  above?: number | undefined;
  below?: number | undefined;
  'at-least'?: number | undefined;
  'at-most'?: number | undefined;
  between?: [number, number] | undefined;
  'one-of'?: number[] | undefined;
  tolerance?: Tolerance | undefined;
}

export const NUMBER_MATCHERS = [
  'equals',
  'not',
  'above',
  'below',
  'at-least',
  'at-most',
  'between',
  'one-of',
] as const satisfies (keyof NumberMatcher)[];

/** Matchers that `tolerance` widens. */
const WIDENED = ['equals', 'not', 'one-of'] as const satisfies (keyof NumberMatcher)[];

/** Numbers that went through decimal text and sums are compared to nine digits. */
const ROUNDING = 1e-9;

/** `5%` of the expected value, or an amount in the value's own unit. */
export function toleranceField(value: z.ZodType<number>) {
  const ratio = z
    .string()
    .regex(/^\d+(\.\d+)?%$/, { error: (issue) => `a percentage such as 5% (got ${JSON.stringify(issue.input)})` })
    .transform((text): Tolerance => ({ ratio: Number(text.slice(0, -1)) / 100 }));
  const absolute = value.transform((amount): Tolerance => ({ absolute: Math.abs(amount) }));
  return z.union([ratio, absolute], {
    error: (issue) =>
      `a tolerance: an amount in the value's unit, or a percentage such as 5% (got ${JSON.stringify(issue.input)})`,
  });
}

/** The matcher keys over values of one unit, to stand beside a check's own keys. */
export function numberMatcherShape(value: z.ZodType<number>) {
  return {
    equals: value.optional().describe('Exactly this value, or within `tolerance` of it'),
    not: value.optional().describe('Any value but this one (further away than `tolerance`, where given)'),
    above: value.optional().describe('More than this'),
    below: value.optional().describe('Less than this'),
    'at-least': value.optional().describe('This or more'),
    'at-most': value.optional().describe('This or less'),
    between: z.tuple([value, value]).optional().describe('From the first to the second value, both included'),
    'one-of': z.array(value).min(1).optional().describe('Any of these values'),
    tolerance: toleranceField(value)
      .optional()
      .describe(
        'How far from `equals`, `not` or `one-of` still counts as equal: an amount in the same unit, or `5%` of it',
      ),
  };
}

/** A problem of the matchers taken together, or undefined: a tolerance of nothing, an interval the wrong way round. */
export function matcherProblem(matcher: NumberMatcher): { message: string; path: string[] } | undefined {
  const { between, tolerance } = matcher;
  if (between && between[0] > between[1]) {
    return { message: 'the first bound of `between` is the lower one', path: ['between'] };
  }
  if (tolerance && !WIDENED.some((key) => matcher[key] !== undefined)) {
    return { message: 'a `tolerance` belongs to `equals`, `not` or `one-of`', path: ['tolerance'] };
  }
  return undefined;
}

export function hasMatcher(matcher: NumberMatcher): boolean {
  return NUMBER_MATCHERS.some((key) => matcher[key] !== undefined);
}

/** A map of matchers: `{ at-least: 1 }`. */
export function numberMatcherMap(value: z.ZodType<number>) {
  return z.strictObject(numberMatcherShape(value)).superRefine((matcher, context) => {
    const problem = matcherProblem(matcher);
    if (problem) context.addIssue({ code: 'custom', ...problem });
    mustDemand(hasMatcher, `needs at least one of ${NUMBER_MATCHERS.join(', ')}`)(matcher, context);
  });
}

/** A value, meaning `literal` of it (`equals` unless told otherwise), or a map of matchers. */
export function numberMatcherField(
  value: z.ZodType<number>,
  literal: 'equals' | 'at-most' = 'equals',
): z.ZodType<NumberMatcher> {
  return z.union([value.transform((number): NumberMatcher => ({ [literal]: number })), numberMatcherMap(value)]);
}

function slack(expected: number, tolerance: Tolerance | undefined): number {
  const own =
    tolerance === undefined ? 0 : 'ratio' in tolerance ? Math.abs(expected) * tolerance.ratio : tolerance.absolute;
  return own + Math.abs(expected) * ROUNDING;
}

function near(value: number, expected: number, tolerance: Tolerance | undefined): boolean {
  return Math.abs(value - expected) <= slack(expected, tolerance);
}

/** How far `value` lies outside what each matcher allows, for those that do not hold: negative is too low. NaN breaks all. */
function misses(matcher: NumberMatcher, value: number): number[] {
  const { equals, not, above, below, between, tolerance } = matcher;
  const atLeast = matcher['at-least'];
  const atMost = matcher['at-most'];
  const oneOf = matcher['one-of'];
  const found: number[] = [];
  if (equals !== undefined && !near(value, equals, tolerance)) found.push(value - equals);
  if (not !== undefined && !(Math.abs(value - not) > slack(not, tolerance))) found.push(0);
  if (above !== undefined && !(value > above)) found.push(value - above);
  if (below !== undefined && !(value < below)) found.push(value - below);
  if (atLeast !== undefined && !(value >= atLeast)) found.push(value - atLeast);
  if (atMost !== undefined && !(value <= atMost)) found.push(value - atMost);
  if (between !== undefined && !(value >= between[0])) found.push(value - between[0]);
  else if (between !== undefined && !(value <= between[1])) found.push(value - between[1]);
  if (oneOf !== undefined && !oneOf.some((choice) => near(value, choice, tolerance))) {
    found.push(oneOf.map((choice) => value - choice).reduce((a, b) => (Math.abs(b) < Math.abs(a) ? b : a)));
  }
  return found;
}

/** True when every matcher given holds. A NaN never holds, nor does a matcher without keys. */
export function numberHolds(matcher: NumberMatcher, value: number): boolean {
  return hasMatcher(matcher) && misses(matcher, value).length === 0;
}

/** How far outside the value is: `3 too many`-style distance, signed; 0 when it holds or when only `not` is broken. */
export function missBy(matcher: NumberMatcher, value: number): number {
  return misses(matcher, value).reduce((worst, miss) => (Math.abs(miss) > Math.abs(worst) ? miss : worst), 0);
}

/**
 * What can become of a value that can only grow, such as a count: `settled` holds whatever comes, `hopeless` cannot hold any
 * more, `open` is neither.
 */
export function outlookWhenGrowing(matcher: NumberMatcher, value: number): 'settled' | 'open' | 'hopeless' {
  const { equals, not, above, below, between, tolerance } = matcher;
  const atLeast = matcher['at-least'];
  const atMost = matcher['at-most'];
  const oneOf = matcher['one-of'];
  const past = (expected: number) => value > expected + slack(expected, tolerance);
  const hopeless =
    (equals !== undefined && past(equals)) ||
    (below !== undefined && value >= below) ||
    (atMost !== undefined && value > atMost) ||
    (between !== undefined && value > between[1]) ||
    oneOf?.every(past) === true;
  if (hopeless) return 'hopeless';
  const bounded = equals ?? below ?? atMost ?? between ?? oneOf;
  const settled =
    hasMatcher(matcher) &&
    bounded === undefined &&
    (above === undefined || value > above) &&
    (atLeast === undefined || value >= atLeast) &&
    (not === undefined || past(not));
  return settled ? 'settled' : 'open';
}

/** The same demands in another unit: every value through `convert`. Percentages stay as they are. */
export function mapMatcher(matcher: NumberMatcher, convert: (value: number) => number): NumberMatcher {
  const { tolerance, between } = matcher;
  const mapped: NumberMatcher = {};
  for (const key of ['equals', 'not', 'above', 'below', 'at-least', 'at-most'] as const) {
    const value = matcher[key];
    if (value !== undefined) mapped[key] = convert(value);
  }
  if (between) mapped.between = [convert(between[0]), convert(between[1])];
  if (matcher['one-of']) mapped['one-of'] = matcher['one-of'].map(convert);
  if (tolerance) mapped.tolerance = 'ratio' in tolerance ? tolerance : { absolute: convert(tolerance.absolute) };
  return mapped;
}

/** The demand in words, to follow the subject: `exactly 10`, `at least 1 and below 5`, `60s ± 500ms`. */
export function describeNumberMatcher(matcher: NumberMatcher, format: (value: number) => string = String): string {
  const { equals, not, above, below, between, tolerance } = matcher;
  const atLeast = matcher['at-least'];
  const atMost = matcher['at-most'];
  const oneOf = matcher['one-of'];
  const about =
    tolerance === undefined
      ? ''
      : ` ± ${'ratio' in tolerance ? `${Number((tolerance.ratio * 100).toFixed(4))}%` : format(tolerance.absolute)}`;
  const words: string[] = [];
  if (equals !== undefined) words.push(about === '' ? `exactly ${format(equals)}` : `${format(equals)}${about}`);
  if (not !== undefined) words.push(`not ${format(not)}${about}`);
  if (above !== undefined) words.push(`above ${format(above)}`);
  if (below !== undefined) words.push(`below ${format(below)}`);
  if (atLeast !== undefined) words.push(`at least ${format(atLeast)}`);
  if (atMost !== undefined) words.push(`at most ${format(atMost)}`);
  if (between !== undefined) words.push(`between ${format(between[0])} and ${format(between[1])}`);
  if (oneOf !== undefined) words.push(`one of ${oneOf.map((choice) => format(choice)).join(', ')}${about}`);
  return words.join(' and ');
}
