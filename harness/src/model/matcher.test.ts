import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fieldPatternsField, patternField } from './matcher.ts';
import { describeFields, describePattern, fieldsHold, mismatches, patternHolds, valueAtPath } from './pattern.ts';

/** Every form of pattern, with values that fit and values that must not. */
const TABLE: [raw: unknown, fits: unknown[], not: unknown[]][] = [
  ['ready', ['ready'], ['Ready', 'ready ', undefined, null, 0]],
  [5, [5], ['5', 6, undefined]],
  [true, [true], ['true', 1, false, undefined]],
  [null, [null, undefined], [0, '', false]],
  ['/timed? out/i', ['It Timed out', 'time out'], ['timing out', undefined, null, {}]],
  ['/^5\\d\\d$/', [503, '503'], [403, '5033']],
  ['/ws/sts', ['/ws/sts'], ['ws']],
  [
    ['error', 'fatal'],
    ['error', 'fatal'],
    ['warn', undefined],
  ],
  [
    ['/^a/', 3],
    ['abc', 3],
    ['b', '3'],
  ],
  [{ equals: '/a/' }, ['/a/'], ['a']],
  [{ equals: [1, { a: 2 }] }, [[1, { a: 2 }]], [[1], [1, { a: 3 }], { 0: 1 }]],
  [{ equals: null }, [null, undefined], [0]],
  [{ not: 'info' }, ['warn', undefined], ['info']],
  [{ not: null }, ['x', 0], [null, undefined]],
  [{ not: ['a', 'b'] }, ['c'], ['a', 'b']],
  [{ above: 3 }, [4], [3, '4', undefined]],
  [{ below: 3 }, [2], [3]],
  [{ 'at-least': 3 }, [3], [2, null]],
  [{ 'at-most': 3 }, [3], [4, Number.NaN]],
  [{ between: [1, 2] }, [1, 2], [0, 3]],
  [{ equals: 10, tolerance: '10%' }, [9, 11], [8.9, 11.1, '10']],
  [{ 'one-of': ['x', '/^y/'] }, ['x', 'yes'], ['z']],
  [{ matches: 'a+b' }, ['xaab'], ['b']],
  [{ matches: '/A+B/i' }, ['aab'], ['b']],
  [{ contains: 'err' }, ['an error', ['err']], ['fine', ['error'], undefined]],
  [{ contains: { id: 3 } }, [[{ id: 1 }, { id: 3, x: 1 }]], [[{ id: 1 }], { id: 3 }]],
  [{ count: 2 }, [[1, 2]], [[1], 'ab', undefined]],
  [{ count: { 'at-least': 1 } }, [[1]], [[]]],
  [{ status: 'ok', 'fragment.id': '/^f/' }, [{ status: 'ok', fragment: { id: 'f1' } }], [{ status: 'ok' }, 'ok']],
  [{ user: { name: 'x' } }, [{ user: { name: 'x', age: 3 } }], [{ user: { name: 'y' } }, { user: 'x' }, null]],
  [{ a: { b: null } }, [{ a: {} }, { a: { b: null } }], [{ a: 'x' }, {}, { a: { b: 1 } }]],
  [{ items: { contains: 'a' } }, [{ items: ['a'] }], [{ items: [] }, {}]],
];

describe('patterns', () => {
  it.each(TABLE)('%j fits what it should and nothing else', (raw, fits, not) => {
    const pattern = patternField.parse(raw);
    expect(fits.filter((value) => !patternHolds(pattern, value))).toEqual([]);
    expect(not.filter((value) => patternHolds(pattern, value))).toEqual([]);
    for (const value of not) expect(mismatches(pattern, value)).not.toEqual([]);
    for (const value of fits) expect(mismatches(pattern, value)).toEqual([]);
    expect(describePattern(pattern)).not.toBe('');
  });

  it.each([
    ['/(/', /Unterminated group/, []],
    [{ a: [{ b: '/[/' }] }, /regular expression/, ['a', 0, 'b']],
    [{ a: { 'at-least': 'three' } }, /number/, ['a', 'at-least']],
    [{ a: { tolerance: 3 } }, /belongs to `equals`/, ['a', 'tolerance']],
    [{ a: [] }, /at least one/, ['a']],
    [{ a: { 'one-of': [] } }, /at least one/, ['a', 'one-of']],
    [{ a: { contains: '' } }, /empty/, ['a', 'contains']],
    [{ a: {} }, /demands nothing/, ['a']],
  ])('say where %j is wrong', (raw, message, path) => {
    const issue = patternField.safeParse(raw).error?.issues[0];
    expect(issue?.message).toMatch(message);
    expect(issue?.path).toEqual(path);
  });

  it('refuse a map of fields that names none, or is none', () => {
    expect(fieldPatternsField.safeParse({}).error?.issues[0]?.message).toMatch(/at least one field/);
    expect(fieldPatternsField.safeParse('error').error?.issues[0]?.message).toMatch(/a map of fields, such as/);
  });

  it('find nested fields by path, by a name with dots in it, and in lists', () => {
    const value = { fragment: { id: 1 }, 'http.status': 200, items: [{ name: 'x' }], 'a.b': { c: 3 } };
    expect(valueAtPath(value, 'fragment.id')).toBe(1);
    expect(valueAtPath(value, 'http.status')).toBe(200);
    expect(valueAtPath(value, 'items.0.name')).toBe('x');
    expect(valueAtPath(value, 'a.b.c')).toBe(3);
    expect(valueAtPath(value, 'fragment.nothing')).toBeUndefined();
    expect(valueAtPath(value, 'toString')).toBeUndefined();
    expect(valueAtPath({ 'a.b': 1, a: { b: 2 } }, 'a.b')).toBe(1);
  });

  it('name every field that does not fit, and tell kinds apart where only those differ', () => {
    const pattern = patternField.parse({ status: 'ok', count: 5, user: { name: 'x' } });
    expect(mismatches(pattern, { status: 'no', count: '5', user: {} })).toEqual([
      { path: 'status', expected: '"ok"', seen: '"no"' },
      { path: 'count', expected: '5', seen: '"5" (text, not number)' },
      { path: 'user.name', expected: '"x"', seen: 'nothing' },
    ]);
  });

  it('read as a sentence', () => {
    const fields = fieldPatternsField.parse({
      msg: '/started/',
      level: ['error', 'fatal'],
      attempt: { 'at-least': 2 },
    });
    expect(describeFields(fields)).toBe('msg /started/, level "error" or "fatal", attempt at least 2');
  });

  it('give editors a schema', () => {
    const schema = z.toJSONSchema(z.strictObject({ where: fieldPatternsField, json: patternField }), { io: 'input' });
    expect(JSON.stringify(schema)).toContain('#/$defs/Pattern');
  });

  it('fit every JSON value to itself through `equals`, and to nothing that differs', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        fc.pre(!JSON.stringify(a).includes('__proto__')); // zod leaves such a key out, to be safe
        const pattern = patternField.parse({ equals: a as never });
        const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
        expect(patternHolds(pattern, plain(a))).toBe(true);
        if (JSON.stringify(sorted(a)) !== JSON.stringify(sorted(b)))
          expect(patternHolds(pattern, plain(b))).toBe(false);
      }),
    );
  });

  it('fit when every field fits, and not when one does not', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{2,8}$/), fc.integer(), { minKeys: 1 }), (fields) => {
        const patterns = fieldPatternsField.parse(fields);
        expect(fieldsHold(patterns, { ...fields, more: 'x' })).toBe(true);
        const [key] = Object.keys(fields) as [string];
        expect(fieldsHold(patterns, { ...fields, [key]: (fields[key] as number) + 1 })).toBe(false);
      }),
    );
  });
});

/** With keys in order, so that equal values have equal text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, inner]) => [key, sorted(inner)]);
}
