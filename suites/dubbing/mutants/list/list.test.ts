import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Wrapped } from '../mutant.ts';
import { MUTANTS, TRIALS } from './index.ts';

const SUITES = join(import.meta.dirname, '../..');

test('there are at least forty mutants, each with a name and a defect of its own', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(40);
  expect(new Set(TRIALS.map(({ name }) => name)).size).toBe(TRIALS.length);
  expect(new Set(MUTANTS.map(({ defect }) => defect)).size).toBe(MUTANTS.length);
});

test('each runs against a suite that exists, and has something in between', () => {
  const wrapped: Wrapped = { onLog() {}, writeLog() {}, end() {} };
  for (const { name, against, make } of TRIALS) {
    const file = join(SUITES, `${against.suite}.suite.yaml`);
    expect(existsSync(file), `${name}: ${file}`).toBe(true);
    // Titles with variables are only known to the harness; the others can be looked up here.
    const text = readFileSync(file, 'utf8');
    if (against.case && !text.includes('matrix:'))
      expect(text.toLowerCase(), name).toContain(against.case.toLowerCase());
    expect(make(wrapped), name).toBeTypeOf('object');
  }
});

test('every suite is shown to be green through the wrappers, and kills something', () => {
  const suites = new Set(MUTANTS.map(({ against }) => against.suite));
  const green = new Set(TRIALS.filter((trial) => !('killedBy' in trial)).map(({ against }) => against.suite));
  expect([...suites].filter((suite) => !green.has(suite))).toEqual([]);
});
