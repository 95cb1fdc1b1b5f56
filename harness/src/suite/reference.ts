// The reference page: every step, check and field with type, default, meaning and example, made from the schemas.

import type { KindDocs } from '../model/kinds.ts';
import { describeKinds, objectsOf, WRAPS_CHECK } from './json-schema.ts';
import { type Registry, stepKindsOf } from './registry.ts';
import type { JsonSchema } from './share-schemas.ts';

/** docs/reference.md, whole. */
export function buildReference(registry: Registry): string {
  const { top, kase, steps, checks, shared } = describeKinds(registry);
  const page = new Page(shared);
  page.text(
    '<!-- Generated from the schemas in harness/src by `testcard schema --write --reference`. Do not edit by hand. -->',
  );
  page.heading(1, 'Suite reference');
  page.text(
    'Every key of a suite file. [Writing suites](writing-suites.md) says how they work together. Any value may be a reference (`${name}`, `${env.NAME}`, `${env.NAME:-default}`, `${secret.NAME}`). Durations are written with their unit: `500ms`, `2s`, `1m30s`.',
  );
  page.heading(2, 'Suite');
  page.fields(top);
  page.heading(2, 'Case');
  page.fields(kase);
  page.heading(2, 'Steps');
  page.text('A step is a map with one key.');
  for (const { key, docs } of stepKindsOf(registry)) page.kind(key, docs, steps.get(key) ?? {});
  page.heading(2, 'Checks');
  page.text(
    'A check names one thing it looks at (its first key below) and one or more demands on it. It stands in `expect`, `throughout`, `eventually`, `always` and `unless`.',
  );
  for (const { key, docs } of registry.checks) page.kind(key, docs, checks.get(key) ?? {});
  page.heading(2, 'Shared values');
  page.heading(3, 'Matchers');
  page.text(
    'Demands on a number, in its own unit. All that are given must hold. Where a plain value may stand instead of a map, it means `equals`, or what the field says.',
  );
  page.matchers([...steps.values(), ...checks.values()]);
  for (const [name, schema] of shared) {
    page.heading(3, name);
    page.text(schema.description ?? '');
    if (schema.properties) page.fields(schema);
  }
  return page.toString();
}

class Page {
  #parts: string[] = [];
  #shared: ReadonlyMap<string, JsonSchema>;

  constructor(shared: ReadonlyMap<string, JsonSchema>) {
    this.#shared = shared;
  }

  heading(level: number, title: string): void {
    this.#parts.push(`${'#'.repeat(level)} ${title}`);
  }

  text(text: string): void {
    if (text !== '') this.#parts.push(text);
  }

  kind(key: string, docs: KindDocs, schema: JsonSchema): void {
    this.heading(3, `\`${key}\``);
    this.text(docs.summary);
    this.#parts.push(`\`\`\`yaml\n${docs.example.trimEnd()}\n\`\`\``);
    const maps = objectsOf(schema).filter((alternative) => alternative.properties);
    const [first] = maps;
    const short = (schema.anyOf ?? schema.oneOf ?? []).filter((alternative) =>
      objectsOf(alternative).every((each) => !each.properties),
    );
    if (!first) {
      this.text(`Value: ${this.#typeOf({ ...schema, description: '' })}.`);
      return;
    }
    if (short.length > 0)
      this.text(`Short form: ${short.map((each) => this.#typeWithMeaning(each)).join(' or ')}. Long form:`);
    for (const map of maps) this.fields(map);
    if (schema[WRAPS_CHECK] === true) this.text('Beside these: the keys of one [check](#checks).');
  }

  fields(schema: JsonSchema): void {
    this.#table(this.#rows(schema, ''));
  }

  #table(rows: string[]): void {
    if (rows.length > 0) this.#parts.push(['| key | value | meaning |', '|---|---|---|', ...rows].join('\n'));
  }

  /** The table of matchers, from the first map of them. */
  matchers(schemas: readonly JsonSchema[]): void {
    for (const schema of schemas) {
      for (const field of Object.values(schema.properties ?? {})) {
        const map = objectsOf(field).find(isMatcherMap);
        if (!map) continue;
        const rows = this.#rows(map, '').map((row) =>
          row.replaceAll('whole number', 'value').replaceAll('number', 'value'),
        );
        this.#table(rows);
        return;
      }
    }
  }

  toString(): string {
    return `${this.#parts.join('\n\n')}\n`;
  }

  /** A row for every field; fields of a map inside follow, with their path. */
  #rows(schema: JsonSchema, prefix: string): string[] {
    return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
      const key = `${prefix}${name}`;
      const required = schema.required?.includes(name) && field.default === undefined;
      const standard = field.default === undefined ? '' : ` Default \`${JSON.stringify(field.default)}\`.`;
      const meaning = `${sentence(field.description)}${standard}`.trim();
      const row = `| \`${key}\`${required ? ' *' : ''} | ${cell(this.#typeOf(field))} | ${cell(meaning)} |`;
      // Matchers repeat everywhere and are explained once: only maps with fields of their own are opened.
      const inner = objectsOf(field).filter((alternative) => alternative.properties && !isMatcherMap(alternative));
      if (prefix.split('.').length > 3) return [row];
      const alone = inner.length === 1; // what one alternative requires, another may not know
      const rows = inner.flatMap((map) => this.#rows(alone ? map : { ...map, required: [] }, `${key}.`));
      return [row, ...new Map(rows.map((each) => [each.split('|')[1], each])).values()];
    });
  }

  #typeWithMeaning(schema: JsonSchema): string {
    const type = this.#typeOf(schema);
    return schema.description ? `${type} (${lowerFirst(schema.description)})` : type;
  }

  #typeOf(schema: JsonSchema): string {
    const name = schema.$ref?.replace('#/$defs/', '');
    if (name !== undefined) return this.#nameOf(name);
    const alternatives = schema.anyOf ?? schema.oneOf;
    if (alternatives) return [...new Set(alternatives.map((each) => this.#typeOf(each)))].join(' or ');
    if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
    if (schema.const !== undefined) return `\`${String(schema.const)}\``;
    if (schema.type === 'array') return this.#listOf(schema);
    if (schema.type === 'object') return isMatcherMap(schema) ? '[matchers](#matchers)' : this.#mapOf(schema);
    if (schema.type === 'string') return textOf(schema);
    if (schema.type === 'integer') return 'whole number';
    if (schema.type === 'number') return 'number';
    if (schema.type === 'boolean') return '`true` or `false`';
    if (schema.type === 'null') return 'nothing';
    return 'any value';
  }

  #nameOf(name: string): string {
    const own: Record<string, string> = {
      check: 'a [check](#checks)',
      checks: 'a [check](#checks) or a list of them',
      steps: 'list of [steps](#steps)',
      case: '[case](#case)',
    };
    if (own[name] !== undefined) return own[name];
    return this.#shared.has(name) ? `[${name}](#${name.toLowerCase()})` : name;
  }

  #listOf(schema: JsonSchema): string {
    if (schema.prefixItems) return `[${schema.prefixItems.map((item) => this.#typeOf(item)).join(', ')}]`;
    return typeof schema.items === 'object' ? `list of ${this.#typeOf(schema.items)}` : 'list';
  }

  #mapOf(schema: JsonSchema): string {
    if (schema.properties || typeof schema.additionalProperties !== 'object') return 'map';
    return `map of names to ${this.#typeOf(schema.additionalProperties)}`;
  }
}

/** Recognised by what only the map of matchers has. */
function isMatcherMap(schema: JsonSchema | undefined): boolean {
  const properties = schema?.properties ?? {};
  return 'at-least' in properties && 'between' in properties && 'one-of' in properties;
}

function textOf(schema: JsonSchema): string {
  const pattern = schema.pattern ?? '';
  if (pattern.includes('ms|s|m|h')) return 'duration';
  if (pattern.endsWith('%$')) return 'percentage';
  return 'text';
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
const sentence = (text: string | undefined): string =>
  text === undefined || text === '' ? '' : /[.!?]$/.test(text) ? text : `${text}.`;
const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
