// How a suite writes what it demands of a value of any kind: one notation for fields of log lines (`where:`), JSON and headers of
// responses and payloads of events. pattern.ts evaluates it.

import { z } from 'zod';
import { NUMBER_MATCHERS, type NumberMatcher, numberMatcherField, toleranceField } from './number-matcher.ts';
import type { FieldPatterns, Matchers, Pattern, Scalar } from './pattern.ts';

const MATCHER_KEYS = new Set<string>([...NUMBER_MATCHERS, 'tolerance', 'matches', 'contains', 'count']);
const REGEX = /^\/(.+)\/([imsu]*)$/s;

type RawPattern = Scalar | RawPattern[] | { [key: string]: RawPattern };

const rawPattern: z.ZodType<RawPattern> = z
  .lazy(() =>
    z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(rawPattern), z.record(z.string(), rawPattern)]),
  )
  .meta({
    id: 'Pattern',
    description:
      'A value that must be equal, `/a regular expression/i` that must be found in it, a list of which any may fit, a map of matchers (`{ at-least: 3 }`, `{ contains: x }`, `{ not: x }`), or a map of fields that must fit. A list or map that must be equal as a whole is written `{ equals: … }`.',
  });

const compiledPattern = rawPattern.transform((raw, context): Pattern => {
  try {
    return compile(raw, []);
  } catch (problem) {
    if (!(problem instanceof PatternProblem)) throw problem;
    context.addIssue({ code: 'custom', message: problem.message, path: problem.path });
    return z.NEVER;
  }
});

/** A demand on one value. */
export const patternField: z.ZodType<Pattern> = compiledPattern;

/** Demands on the fields of a map: every one of them must hold. */
export const fieldPatternsField: z.ZodType<FieldPatterns> = z
  .record(z.string(), compiledPattern, {
    error: (issue) =>
      issue.code === 'invalid_type' ? 'a map of fields, such as { level: error, msg: /timed out/ }' : undefined,
  })
  .refine((fields) => Object.keys(fields).length > 0, { error: 'name at least one field' });

class PatternProblem extends Error {
  readonly path: (string | number)[];
  constructor(message: string, path: (string | number)[]) {
    super(message);
    this.path = path;
  }
}

function compile(raw: RawPattern, path: (string | number)[]): Pattern {
  if (Array.isArray(raw)) {
    if (raw.length === 0) throw new PatternProblem('a list of alternatives holds at least one', path);
    return { kind: 'any-of', options: raw.map((option, index) => compile(option, [...path, index])) };
  }
  if (raw !== null && typeof raw === 'object') {
    const keys = Object.keys(raw);
    if (keys.length === 0) throw new PatternProblem('an empty map demands nothing', path);
    if (keys.every((key) => MATCHER_KEYS.has(key))) return { kind: 'matchers', matchers: compileMatchers(raw, path) };
    return {
      kind: 'fields',
      fields: Object.fromEntries(keys.map((key) => [key, compile(raw[key] ?? null, [...path, key])])),
    };
  }
  if (typeof raw === 'string') {
    const written = REGEX.exec(raw);
    if (written) return { kind: 'regex', regex: compileRegex(written[1] ?? '', written[2] ?? '', path) };
  }
  return { kind: 'literal', value: raw };
}

function compileRegex(source: string, flags: string, path: (string | number)[]): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw new PatternProblem(error instanceof Error ? error.message : String(error), path);
  }
}

const amountField = z.number();

function compileMatchers(raw: Record<string, RawPattern>, path: (string | number)[]): Matchers {
  const made: Matchers = {};
  const number: NumberMatcher = {};
  const parsed = <T>(schema: z.ZodType<T>, key: string): T => {
    const result = schema.safeParse(raw[key]);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    throw new PatternProblem(issue?.message ?? 'does not fit', [...path, key, ...((issue?.path ?? []) as string[])]);
  };
  if (raw.tolerance !== undefined) number.tolerance = parsed(toleranceField(amountField), 'tolerance');
  for (const key of ['above', 'below', 'at-least', 'at-most'] as const) {
    if (raw[key] !== undefined) number[key] = parsed(amountField, key);
  }
  if (raw.between !== undefined) number.between = parsed(z.tuple([amountField, amountField]), 'between');
  if (raw.equals !== undefined) {
    if (number.tolerance) number.equals = parsed(amountField, 'equals');
    else made.equals = raw.equals;
  }
  if (raw.not !== undefined) made.not = compile(raw.not, [...path, 'not']);
  if (raw['one-of'] !== undefined) {
    if (!Array.isArray(raw['one-of'])) throw new PatternProblem('a list of alternatives', [...path, 'one-of']);
    if (raw['one-of'].length === 0) throw new PatternProblem('a list of at least one', [...path, 'one-of']);
    made.oneOf = raw['one-of'].map((option, index) => compile(option, [...path, 'one-of', index]));
  }
  if (raw.matches !== undefined) {
    const text = parsed(z.string(), 'matches');
    const written = REGEX.exec(text);
    made.matches = compileRegex(written?.[1] ?? text, written?.[2] ?? '', [...path, 'matches']);
  }
  if (raw.contains === '') throw new PatternProblem('every text contains the empty one', [...path, 'contains']);
  if (raw.contains !== undefined) made.contains = compile(raw.contains, [...path, 'contains']);
  if (raw.count !== undefined) made.count = parsed(numberMatcherField(z.number().int().min(0)), 'count');
  if (Object.keys(number).length === 1 && number.tolerance) {
    throw new PatternProblem('a `tolerance` belongs to `equals`', [...path, 'tolerance']);
  }
  if (Object.keys(number).length > 0) made.number = number;
  return made;
}
