// The JSON Schema of suite files, for completion and hover text in editors: made from the same zod schemas that parse them.

import { z } from 'zod';
import type { SchemaShapes } from '../model/kinds.ts';
import type { CheckNode, StepNode } from '../model/suite.ts';
import { type Registry, stepKindsOf } from './registry.ts';
import { type JsonSchema, shareRepeated } from './share-schemas.ts';
import { caseFields, lateFields, topFields } from './suite-schema.ts';

export interface KindSchemas {
  /** Fields at the top of a suite, and of a case. */
  top: JsonSchema;
  kase: JsonSchema;
  steps: Map<string, JsonSchema>;
  checks: Map<string, JsonSchema>;
  /** Shared schemas that the others refer to, by their `id`. */
  shared: Map<string, JsonSchema>;
}

/** Marks a map that holds own keys beside those of a check; replaced once the checks are known. */
export const WRAPS_CHECK = 'x-testcard-wraps-check';
const MARKERS = new Set(['check', 'checks', 'steps', 'case']);
const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });

/** The schema of a suite file (draft 2020-12). */
export function buildJsonSchema(registry: Registry): JsonSchema {
  const { top, kase, steps, checks, shared } = describeKinds(registry);
  const alternatives = [...checks.values()].flatMap((check) => objectsOf(check));
  const resolveWraps = (schema: JsonSchema): JsonSchema =>
    schema[WRAPS_CHECK] === true
      ? { ...describing(schema), type: 'object', anyOf: alternatives.map((check) => mergeObjects(schema, check)) }
      : schema;
  const step: JsonSchema = {
    type: 'object',
    description: 'One step: a map with one key',
    minProperties: 1,
    maxProperties: 1,
    additionalProperties: false,
    properties: Object.fromEntries([...steps].map(([key, schema]) => [key, mapSchema(schema, resolveWraps)])),
  };
  const $defs: Record<string, JsonSchema> = {
    reference: {
      type: 'string',
      pattern: '\\$\\{[^}]+\\}',
      description: 'A value from elsewhere: ${variable}, ${env.NAME}, ${env.NAME:-default} or ${secret.NAME}',
    },
    case: kase,
    steps: { type: 'array', minItems: 1, items: ref('step') },
    step,
    checks: { anyOf: [ref('check'), { type: 'array', minItems: 1, items: ref('check') }] },
    check: { type: 'object', description: 'What is looked at, and what must be true of it', anyOf: alternatives },
    ...Object.fromEntries(shared),
  };
  const withReferences = Object.fromEntries(
    Object.entries($defs).map(([name, schema]) => [name, name === 'reference' ? schema : allowReferences(schema)]),
  );
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Testcard suite',
    ...shareRepeated({ ...allowReferences(top), $defs: withReferences }),
  };
}

/** Every kind's schema as JSON Schema, still with markers for checks and steps in them. */
export function describeKinds(registry: Registry): KindSchemas {
  const shapes = markerShapes();
  const kase = z.unknown().meta({ id: 'case' });
  const steps = stepKindsOf(registry);
  // One conversion for all, so that shared schemas are defined once.
  const all = z.object({
    top: z.strictObject({ ...topFields, ...lateFields(shapes, kase) }),
    case: z.strictObject(caseFields(shapes)),
    steps: z.object(Object.fromEntries(steps.map((kind) => [kind.key, kind.schema(shapes)]))),
    checks: z.object(Object.fromEntries(registry.checks.map((kind) => [kind.key, kind.schema]))),
  });
  const converted = z.toJSONSchema(all, {
    io: 'input',
    unrepresentable: 'any',
    // zod's own formats (`starts_with`) mean nothing to editors; the pattern beside them says the same.
    override: ({ jsonSchema }) => {
      if (jsonSchema.pattern !== undefined) delete jsonSchema.format;
    },
  }) as JsonSchema;
  const part = (name: string): JsonSchema => converted.properties?.[name] ?? {};
  const withSummary = (schemas: JsonSchema, kinds: readonly { key: string; docs: { summary: string } }[]) =>
    new Map(
      kinds.map(({ key, docs }) => {
        const schema = schemas.properties?.[key] ?? {};
        return [key, { ...schema, description: docs.summary }];
      }),
    );
  const during: JsonSchema = {
    type: 'string',
    minLength: 1,
    description: 'Look only at this phase of the case, not at everything since it began',
  };
  const checks = new Map(
    [...withSummary(part('checks'), registry.checks)].map(([key, schema]) => [
      key,
      { ...schema, ...(schema.properties ? { properties: { ...schema.properties, during } } : {}) },
    ]),
  );
  return {
    top: part('top'),
    kase: part('case'),
    steps: withSummary(part('steps'), steps),
    checks,
    shared: new Map(Object.entries(converted.$defs ?? {}).filter(([name]) => !MARKERS.has(name))),
  };
}

/** Shapes that only say what stands there: their JSON Schema is a reference by the same name. */
function markerShapes(): SchemaShapes {
  // Never parsed with, only converted, so what they would output does not matter.
  const marker = <T>(id: string) => z.unknown().meta({ id }) as unknown as z.ZodType<T>;
  return {
    check: marker<CheckNode>('check'),
    checks: marker<CheckNode[]>('checks'),
    steps: marker<StepNode[]>('steps'),
    wrapCheck: (own) => z.strictObject(own).meta({ [WRAPS_CHECK]: true }) as never, // as above
  };
}

/** The map alternatives of a schema. */
export function objectsOf(schema: JsonSchema): JsonSchema[] {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (!alternatives) return [schema];
  return alternatives.flatMap((alternative) => objectsOf({ ...describing(schema), ...alternative }));
}

function mergeObjects(own: JsonSchema, check: JsonSchema): JsonSchema {
  return {
    ...check,
    properties: { ...own.properties, ...check.properties },
    required: [...(own.required ?? []), ...(check.required ?? [])],
  };
}

const describing = ({ description }: JsonSchema): JsonSchema => (description === undefined ? {} : { description });

/** Applies `change` to every schema inside, from the leaves up. */
function mapSchema(schema: JsonSchema, change: (schema: JsonSchema) => JsonSchema): JsonSchema {
  const next: JsonSchema = { ...schema };
  const inside = (value: JsonSchema) => mapSchema(value, change);
  if (schema.properties) next.properties = mapValues(schema.properties, inside);
  if (typeof schema.additionalProperties === 'object') next.additionalProperties = inside(schema.additionalProperties);
  if (typeof schema.items === 'object') next.items = inside(schema.items);
  for (const key of ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const) {
    const list = schema[key];
    if (list) next[key] = list.map(inside);
  }
  return change(next);
}

function mapValues(record: Record<string, JsonSchema>, change: (schema: JsonSchema) => JsonSchema) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** Lets `${…}` stand for any value inside: it is replaced before the value is looked at. */
function allowReferences(schema: JsonSchema): JsonSchema {
  const inside = (value: JsonSchema): JsonSchema => orReference(allowReferences(value));
  const next: JsonSchema = { ...schema };
  if (schema.properties) next.properties = mapValues(schema.properties, inside);
  if (typeof schema.additionalProperties === 'object') next.additionalProperties = inside(schema.additionalProperties);
  if (typeof schema.items === 'object') next.items = inside(schema.items);
  if (schema.prefixItems) next.prefixItems = schema.prefixItems.map(inside);
  for (const key of ['anyOf', 'oneOf', 'allOf'] as const) {
    const list = schema[key];
    if (list) next[key] = list.map(allowReferences);
  }
  return next;
}

function orReference(schema: JsonSchema): JsonSchema {
  if (acceptsAnyText(schema)) return schema;
  const { description, default: fallback, ...rest } = schema;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [...(isBareUnion(rest) ? (rest.anyOf ?? []) : [rest]), ref('reference')],
  };
}

const isBareUnion = (schema: JsonSchema): boolean => schema.anyOf !== undefined && Object.keys(schema).length === 1;

function acceptsAnyText(schema: JsonSchema): boolean {
  if (schema.$ref !== undefined) return true; // shared schemas say themselves what they take
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return alternatives.some(acceptsAnyText);
  if (schema.enum || schema.const !== undefined || schema.pattern !== undefined || schema.format) return false;
  return schema.type === undefined || schema.type === 'string';
}
