import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { AnyCheckKind } from '../model/kinds.ts';
import * as kinds from './index.ts';

const all: AnyCheckKind[] = Object.values(kinds);

/** Checks of an example, without the keys of the steps around them. */
function checksOf(node: unknown, key: string): Record<string, unknown>[] {
  if (Array.isArray(node)) return node.flatMap((item) => checksOf(item, key));
  if (node === null || typeof node !== 'object') return [];
  const map = node as Record<string, unknown>;
  if (!(key in map)) return Object.values(map).flatMap((value) => checksOf(value, key));
  const { within: _within, for: _for, ...check } = map;
  return [check];
}

/** Every field of a schema that an editor could explain. */
function fieldsOf(schema: unknown, path = ''): { path: string; described: boolean }[] {
  if (Array.isArray(schema)) return schema.flatMap((item) => fieldsOf(item, path));
  if (schema === null || typeof schema !== 'object') return [];
  const { properties = {}, ...rest } = schema as { properties?: Record<string, { description?: string }> };
  return [
    ...Object.entries(properties).flatMap(([key, value]) => [
      { path: `${path}.${key}`, described: value.description !== undefined },
      ...fieldsOf(value, `${path}.${key}`),
    ]),
    ...Object.values(rest).flatMap((value) => fieldsOf(value, path)),
  ];
}

describe.each(all.map((kind) => [kind.key, kind] as const))('the %s kind of check', (key, kind) => {
  it('has an example that is a check of that kind', () => {
    const checks = checksOf(parse(kind.docs.example), key);
    expect(checks.length).toBeGreaterThan(0);
    for (const check of checks) {
      const input = kind.schema.parse(check);
      expect(kind.describe(input)).toMatch(new RegExp(`^${key} .+: .+`));
      expect(kind.describe(input)).not.toContain('undefined');
    }
  });

  it('names what it refers to where it stands in the input', () => {
    for (const check of checksOf(parse(kind.docs.example), key)) {
      const uses = kind.uses?.(kind.schema.parse(check)) ?? [];
      expect(uses.length).toBeGreaterThan(0); // a check of several logs names several services
      for (const { name, path } of uses) {
        expect(path.reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], check)).toBe(name);
      }
    }
  });

  it('explains every field to editors', () => {
    const fields = fieldsOf(z.toJSONSchema(kind.schema, { io: 'input' }));
    expect(fields.length).toBeGreaterThan(2);
    expect(fields.filter(({ described }) => !described).map(({ path }) => path)).toEqual([]);
  });

  it('refuses keys that it does not know', () => {
    for (const check of checksOf(parse(kind.docs.example), key)) {
      expect(kind.schema.safeParse({ ...check, unheard: 1 }).success).toBe(false);
    }
  });
});
