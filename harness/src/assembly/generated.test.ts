// The generated files are as the code would make them now, and the schema tells good suites from bad ones as the parser does.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseSuite } from '../suite/index.ts';
import { referencePage, SCHEMAS, suiteSchemaText } from './generated.ts';
import { registry } from './registries.ts';

const ROOT = join(import.meta.dirname, '../../..');
const SUITES = join(ROOT, 'suites/dubbing');
const REMEDY = 'run `npm run testcard -- schema --write --reference` and commit what changed';

describe('generated files', () => {
  test.each(Object.entries(SCHEMAS))('the JSON Schema of %s is up to date', (name, textOf) => {
    expect(readFileSync(join(ROOT, `harness/schema/${name}.schema.json`), 'utf8') === textOf(), REMEDY).toBe(true);
  });

  test('the reference page is up to date', () => {
    expect(readFileSync(join(ROOT, 'docs/reference.md'), 'utf8') === referencePage(), REMEDY).toBe(true);
  });
});

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: true });
const isValid = ajv.compile(JSON.parse(suiteSchemaText()));
const parses = (text: string): boolean => parseSuite(text, '/s.suite.yaml', { registry, env: {} }).suite !== undefined;
const fullPipeline = readFileSync(join(SUITES, 'full-pipeline.suite.yaml'), 'utf8');

describe('the JSON Schema', () => {
  test.each(readdirSync(SUITES).filter((name) => name.endsWith('.suite.yaml')))('accepts %s', (name) => {
    const ok = isValid(parse(readFileSync(join(SUITES, name), 'utf8')));
    expect(isValid.errors ?? []).toEqual([]);
    expect(ok).toBe(true);
  });

  test.each([
    ['priority: P1', 'priority: P4'],
    ['environment: dubbing', 'environmnt: dubbing'],
    ['suite: full-pipeline', 'suite: [x]'],
    ['timeout: 90s', 'timeout: 90'],
    ['within: 5s', 'within: 5'],
    ['within: 5s', 'withn: 5s'],
    ['at-most: 3', 'at-mst: 3'],
    ['at-most: 3', 'at-most: three'],
    ['- record: {', '- recrd: {'],
    ['from: "${output}"', 'frm: "${output}"'],
    ['- finish: output', '- finish: 3'],
    ['of: media-service\n        at-most', 'at-most'],
    ['cases:', 'kases:'],
    ['fixture: one-minute', 'fixture: one-minute, loop: maybe'],
  ])('rejects, as the parser does, %j written as %j', (from, to) => {
    const bad = fullPipeline.replace(from, to);
    expect(bad).not.toBe(fullPipeline);
    expect(parses(bad)).toBe(false);
    expect(isValid(parse(bad))).toBe(false);
  });

  test.each([
    ['at-most: 3', 'at-most: "${limit}"'],
    ['timeout: 90s', 'timeout: "${limit}"'],
    ['lost: 0', 'lost: "${limit}"'],
    ['level: [error, fatal]', 'level: "${levels}"'],
  ])('accepts a reference instead of a value: %j written as %j', (from, to) => {
    const changed = fullPipeline.replace(from, to);
    expect(changed).not.toBe(fullPipeline);
    isValid(parse(changed));
    expect(isValid.errors ?? []).toEqual([]);
  });
});

describe('the example of each kind in the reference', () => {
  const kinds = [...registry.steps, ...registry.checks];
  test.each(kinds.map((kind) => [kind.key, kind.docs.example] as const))('of `%s` is valid', (_key, example) => {
    const steps = example.replaceAll(/^/gm, '      ');
    // Names in it need not exist: only its form is checked.
    const text = `suite: s\nenvironment: e\nthroughout: { service: worker, state: ready }\ncases:\n  - case: c\n    steps:\n${steps}\n`;
    const { problems } = parseSuite(text, '/s.suite.yaml', { registry, env: {} });
    expect(problems.filter(({ message }) => !/^unknown (publisher|recording)/.test(message))).toEqual([]);
    isValid(parse(text));
    expect(isValid.errors ?? []).toEqual([]);
  });
});
