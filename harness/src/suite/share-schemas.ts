// Makes a JSON Schema smaller: fields that are defined alike in several places are defined once.

/** A JSON Schema node, as far as it is looked into here. */
export interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string | string[];
  description?: string;
  default?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  propertyNames?: JsonSchema;
  items?: JsonSchema | boolean;
  prefixItems?: JsonSchema[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  format?: string;
  [key: string]: unknown;
}

/** Shorter ones are not worth a reference. */
const MIN_LENGTH = 80;

/** Moves what several fields have in common, but for their description, to `$defs`, under the name of the first of them. */
export function shareRepeated(root: JsonSchema): JsonSchema {
  const counts = new Map<string, number>();
  eachField(root, (field) => {
    const text = bodyOf(field);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  });
  const names = new Map<string, string>();
  const taken = new Set(Object.keys(root.$defs ?? {}));
  const shared: Record<string, JsonSchema> = {};
  const replace: Rewrite = (name, field) => {
    const text = bodyOf(field);
    const { description, ...inside } = rewriteFields(field, replace);
    const said = description === undefined ? {} : { description };
    if ((counts.get(text) ?? 0) < 2 || text.length < MIN_LENGTH) return { ...said, ...inside };
    let given = names.get(text);
    if (given === undefined) {
      given = name;
      for (let count = 2; taken.has(given); count += 1) given = `${name}-${count}`;
      taken.add(given);
      names.set(text, given);
      shared[given] = inside;
    }
    return { ...said, $ref: `#/$defs/${given}` };
  };
  const { $defs = {}, ...top } = root;
  const rewritten = rewriteFields(top, replace);
  const defs = Object.entries($defs).map(([name, schema]) => [name, rewriteFields(schema, replace)]);
  return { ...rewritten, $defs: { ...Object.fromEntries(defs), ...shared } };
}

function bodyOf({ description: _, ...body }: JsonSchema): string {
  return JSON.stringify(body);
}

type Rewrite = (name: string, field: JsonSchema) => JsonSchema;

function eachField(schema: JsonSchema, visit: (field: JsonSchema) => void): void {
  rewriteFields(schema, (_name, field) => {
    visit(field);
    eachField(field, visit);
    return field;
  });
  for (const definition of Object.values(schema.$defs ?? {})) eachField(definition, visit);
}

/** A copy with every field (value of `properties`) rewritten, also those inside alternatives and lists; not deeper than fields. */
function rewriteFields(schema: JsonSchema, rewrite: Rewrite): JsonSchema {
  const next: JsonSchema = { ...schema };
  const inside = (value: JsonSchema) => rewriteFields(value, rewrite);
  if (schema.properties) {
    next.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, field]) => [name, rewrite(name, field)]),
    );
  }
  if (typeof schema.additionalProperties === 'object') next.additionalProperties = inside(schema.additionalProperties);
  if (typeof schema.items === 'object') next.items = inside(schema.items);
  for (const key of ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const) {
    const list = schema[key];
    if (list) next[key] = list.map(inside);
  }
  return next;
}
