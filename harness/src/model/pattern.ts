// Whether a value fits what a suite demands of it, what does not fit, and the demand in words. matcher.ts has the notation.

import { describeNumberMatcher, type NumberMatcher, numberHolds } from './number-matcher.ts';

export type Scalar = string | number | boolean | null;

/** A pattern, compiled. */
export type Pattern =
  | { kind: 'literal'; value: Scalar }
  | { kind: 'regex'; regex: RegExp }
  | { kind: 'any-of'; options: Pattern[] }
  | { kind: 'matchers'; matchers: Matchers }
  | { kind: 'fields'; fields: FieldPatterns };

/** What a map of matchers demands, all of it. */
export interface Matchers {
  equals?: unknown;
  not?: Pattern;
  oneOf?: Pattern[];
  matches?: RegExp;
  contains?: Pattern;
  count?: NumberMatcher;
  number?: NumberMatcher;
}

/** Patterns by field. A key is a field's name, or a path into nested fields: `fragment.id`, `items.0.name`. */
export type FieldPatterns = Record<string, Pattern>;

/** True when the value fits. An absent value (undefined) fits only `null` and what negates something else. */
export function patternHolds(pattern: Pattern, value: unknown): boolean {
  switch (pattern.kind) {
    case 'literal':
      return (value ?? null) === pattern.value;
    case 'regex':
      return regexFinds(pattern.regex, value);
    case 'any-of':
      return pattern.options.some((option) => patternHolds(option, value));
    case 'matchers':
      return matchersHold(pattern.matchers, value);
    case 'fields':
      return fieldsHold(pattern.fields, value);
  }
}

/** True when every field named fits. */
export function fieldsHold(fields: FieldPatterns, value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(fields).every(([path, pattern]) => patternHolds(pattern, valueAtPath(value, path)));
}

function regexFinds(regex: RegExp, value: unknown): boolean {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return false;
  return regex.test(String(value));
}

function matchersHold({ equals, not, oneOf, matches, contains, count, number }: Matchers, value: unknown): boolean {
  if (equals !== undefined && !sameJson(equals, value ?? null)) return false;
  if (not !== undefined && patternHolds(not, value)) return false;
  if (oneOf !== undefined && !oneOf.some((option) => patternHolds(option, value))) return false;
  if (matches !== undefined && !regexFinds(matches, value)) return false;
  if (contains !== undefined && !holdsInside(contains, value)) return false;
  if (count !== undefined && !(Array.isArray(value) && numberHolds(count, value.length))) return false;
  return number === undefined || (typeof value === 'number' && numberHolds(number, value));
}

/** Text contains text; a list contains an element that fits. */
function holdsInside(wanted: Pattern, value: unknown): boolean {
  if (Array.isArray(value)) return value.some((element) => patternHolds(wanted, element));
  if (typeof value !== 'string') return false;
  return wanted.kind === 'literal' ? value.includes(String(wanted.value)) : patternHolds(wanted, value);
}

/**
 * The value at a path: a field that is called exactly so, or else the way down through nested maps and lists
 * (`fragment.id`, `items.0`). Undefined when there is none.
 */
export function valueAtPath(value: unknown, path: string): unknown {
  if (value === null || typeof value !== 'object') return undefined;
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path];
  // The longest name first: in { "a.b": { c: 1 } }, `a.b.c` means the c of `a.b`.
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const head = path.slice(0, dot);
    if (!Object.hasOwn(value, head)) continue;
    const found = valueAtPath((value as Record<string, unknown>)[head], path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) =>
        Object.hasOwn(b, key) && sameJson((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  );
}

/** One demand that a value did not meet. */
export interface Mismatch {
  /** `''` for the value itself. */
  path: string;
  expected: string;
  seen: string;
}

/** Everything that does not fit, field by field; empty when the value fits. */
export function mismatches(pattern: Pattern, value: unknown, at = ''): Mismatch[] {
  if (pattern.kind !== 'fields') {
    if (patternHolds(pattern, value)) return [];
    return [{ path: at, expected: describePattern(pattern), seen: showValue(value, pattern) }];
  }
  if (value === null || typeof value !== 'object') {
    return [{ path: at, expected: describePattern(pattern), seen: showValue(value) }];
  }
  return Object.entries(pattern.fields).flatMap(([key, inner]) =>
    mismatches(inner, valueAtPath(value, key), at === '' ? key : `${at}.${key}`),
  );
}

const SHOWN_CHARACTERS = 120;

/** A value as a report shows it: short, and with its kind where only that differs from what was wanted. */
export function showValue(value: unknown, wanted?: Pattern): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  const short = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  if (wanted?.kind === 'literal' && typeof wanted.value !== typeof value && String(wanted.value) === String(value)) {
    return `${short} (${kindOf(value)}, not ${kindOf(wanted.value)})`;
  }
  return short;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'text';
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'a map' : typeof value;
}

/** The demand in words. */
export function describePattern(pattern: Pattern): string {
  switch (pattern.kind) {
    case 'literal':
      return JSON.stringify(pattern.value);
    case 'regex':
      return String(pattern.regex);
    case 'any-of':
      return pattern.options.map(describePattern).join(' or ');
    case 'fields':
      return `{ ${describeFields(pattern.fields)} }`;
    case 'matchers': {
      const { equals, not, oneOf, matches, contains, count, number } = pattern.matchers;
      const words: string[] = [];
      if (equals !== undefined) words.push(showValue(equals));
      if (number !== undefined) words.push(describeNumberMatcher(number));
      if (not !== undefined) words.push(`not ${describePattern(not)}`);
      if (oneOf !== undefined) words.push(oneOf.map(describePattern).join(' or '));
      if (matches !== undefined) words.push(String(matches));
      if (contains !== undefined) words.push(`containing ${describePattern(contains)}`);
      if (count !== undefined) words.push(`a list of ${describeNumberMatcher(count)}`);
      return words.join(' and ');
    }
  }
}

/** `msg /ingest started/, success true`. */
export function describeFields(fields: FieldPatterns): string {
  return Object.entries(fields)
    .map(([path, pattern]) => `${path} ${describePattern(pattern)}`)
    .join(', ');
}
