import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { renderJson } from './json-report.ts';
import { everything, runResult } from './testing/results.ts';

const SCHEMA = join(import.meta.dirname, '../../schema/results.schema.json');
const isValid = new Ajv2020({ allErrors: true, strict: true }).compile(JSON.parse(readFileSync(SCHEMA, 'utf8')));

const problemsOf = (value: unknown) => {
  isValid(value);
  return isValid.errors ?? [];
};

describe('renderJson', () => {
  it('is valid for the published schema, as what is stored is, whatever a run comes to', () => {
    for (const run of [everything(), runResult([])]) {
      expect(problemsOf(JSON.parse(renderJson(run)))).toEqual([]);
      expect(problemsOf(JSON.parse(JSON.stringify(run)))).toEqual([]);
    }
  });

  it('is held to the schema: a verdict, a field or a version that it does not know is found', () => {
    const run = everything();
    expect(problemsOf({ ...run, version: 2 })).not.toEqual([]);
    expect(problemsOf({ ...run, verdict: 'green' })).not.toEqual([]);
    const { suites, ...without } = run;
    expect(problemsOf(without)).not.toEqual([]);
    expect(problemsOf({ ...run, suites: suites.map((suite) => ({ ...suite, cases: [{ title: 'x' }] })) })).not.toEqual(
      [],
    );
  });

  it('lets readers of today read what is added tomorrow', () => {
    expect(problemsOf({ ...everything(), later: true })).toEqual([]);
  });

  it('is one line without what only reports of Testcard read', () => {
    const text = renderJson(everything());
    expect(text.trimEnd()).not.toContain('\n');
    expect(text).not.toContain('"detail"');
    expect(text).not.toContain('"codeFrame"');
    expect(JSON.parse(text)).toMatchObject({ version: 1, gate: ['P1', 'P2'], suites: [{ cases: { length: 10 } }] });
  });
});
