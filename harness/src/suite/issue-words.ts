// What a schema expected, in words; and the unit that was probably meant where one is missing.

import type { z } from 'zod';

const TYPE_WORDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  null: 'nothing',
  never: 'nothing',
  undefined: 'nothing',
};

/** `expected …` for an issue whose schema has no words of its own. */
export function expectation(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${TYPE_WORDS[issue.expected] ?? issue.expected}${withKeys(issue)}`;
    case 'invalid_value':
      return `expected ${issue.values.length > 1 ? 'one of ' : ''}${quoted(issue.values)}`;
    case 'too_small':
      return `expected ${sizeWords(issue.origin, issue.minimum, 'least', issue.inclusive)}`;
    case 'too_big':
      return `expected ${sizeWords(issue.origin, issue.maximum, 'most', issue.inclusive)}`;
    case 'invalid_format':
      return issue.format === 'regex' ? `expected text like ${issue.pattern}` : `expected ${issue.format}`;
    case 'not_multiple_of':
      return `expected a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return Array.isArray(issue.options) ? `expected one of ${quoted(issue.options)}` : NO_WORDS;
    default:
      return issue.message ?? 'it is not valid';
  }
}

/** ` with \`name\` and \`to\``: the keys that a map must have. */
function withKeys({ inst }: z.core.$ZodRawIssue): string {
  const shape = (inst as z.core.$ZodObject | undefined)?._zod.def.shape;
  if (typeof shape !== 'object') return '';
  const required = Object.keys(shape).filter((key) => shape[key]?._zod.optin === undefined);
  return required.length === 0 || required.length > 4
    ? ''
    : ` with ${quoted(required).replace(/, (?=[^,]*$)/, ' and ')}`;
}

const quoted = (values: readonly unknown[]): string => values.map((value) => `\`${String(value)}\``).join(', ');

function sizeWords(
  origin: string,
  limit: number | bigint | undefined,
  end: 'least' | 'most',
  inclusive?: boolean,
): string {
  const count = Number(limit);
  if (origin === 'string')
    return end === 'least' && count === 1 ? 'text that is not empty' : `text of at ${end} ${count} characters`;
  if (origin === 'array' || origin === 'set') return `at ${end} ${count} ${count === 1 ? 'entry' : 'entries'}`;
  if (inclusive === false) return `a number ${end === 'least' ? 'above' : 'below'} ${count}`;
  return `a number of at ${end} ${count}`;
}

/** What a union says when its own schema has nothing to say. */
export const NO_WORDS = 'expected something else';

const UNITS: Record<string, string> = {
  ms: 'ms',
  msec: 'ms',
  msecs: 'ms',
  millis: 'ms',
  millisecond: 'ms',
  milliseconds: 'ms',
  s: 's',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  m: 'm',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  h: 'h',
  hr: 'h',
  hour: 'h',
  hours: 'h',
};

/** For a value that has a number but no proper unit: what was probably meant. */
export function unitHint(message: string, value: unknown): string | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(String(value));
  if (!match || (typeof value !== 'number' && typeof value !== 'string')) return undefined;
  const [, number = '', unit = ''] = match;
  if (/duration/.test(message)) {
    const known = UNITS[unit.toLowerCase()];
    if (known !== undefined) return `did you mean ${number}${known}?`;
    return unit === '' ? `did you mean ${number}s or ${number}ms?` : 'units are ms, s, m and h';
  }
  if (/percent/.test(message) && unit === '') {
    return `did you mean ${Number(number) > 0 && Number(number) <= 1 ? Number(number) * 100 : number}%?`;
  }
  return undefined;
}

/** For a value that is right but for how it is written. */
export function shapeHint(expected: string, value: unknown): string | undefined {
  if (expected.startsWith('a list') && (typeof value === 'string' || typeof value === 'number')) {
    return `write it as a list: [${String(value).slice(0, 40)}]`;
  }
  // These were booleans in YAML 1.1, and still are in many people's fingers.
  if (expected === TYPE_WORDS.boolean && typeof value === 'string') {
    if (/^(yes|on|y)$/i.test(value)) return 'did you mean true?';
    if (/^(no|off|n)$/i.test(value)) return 'did you mean false?';
  }
  return undefined;
}
