// Whatever a file holds, the parser answers with a suite or with problems that have a place: never with a throw, never for long.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { registry } from '../assembly/registries.ts';
import { formatProblems } from './format-problems.ts';
import { lintSuite } from './lint-suite.ts';
import { parseSuite } from './parse-suite.ts';
import { MUTATIONS, seededRandom } from './testing/mutate-yaml.ts';

const FOLDER = join(import.meta.dirname, '../../../suites/dubbing');
const SUITES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.suite.yaml'))
  .map((name) => readFileSync(join(FOLDER, name), 'utf8'));
const FILE = '/suites/damaged.suite.yaml';
const ROUNDS = 28;
/** Damage that is the same every time, and slow to find: three rounds do. */
const ROUNDS_OF: Record<string, number> = { 'an alias bomb': 3 };
const roundsOf = (name: string): number => ROUNDS_OF[name] ?? ROUNDS;
/** Processor time, so that a busy machine does not matter. Ordinary damage takes some 5 ms, a bomb some 200. */
const LONGEST_MS = 2_000;

describe('a damaged suite file', { timeout: 60_000 }, () => {
  const names = Object.keys(MUTATIONS);

  test.each(names)('%s', (name) => {
    const mutate = MUTATIONS[name] ?? ((text: string) => text);
    const random = seededRandom(names.indexOf(name) + 1);
    let invalid = 0;
    for (let round = 0; round < roundsOf(name); round += 1) {
      const original = SUITES[round % SUITES.length] ?? '';
      const times = 1 + Math.floor(random() * 2);
      let text = original;
      for (let time = 0; time < times; time += 1) text = mutate(text, random);
      const before = process.cpuUsage();
      const { suite, problems, texts } = parseSuite(text, FILE, { registry, env: {} });
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1_000, text.slice(0, 500)).toBeLessThan(LONGEST_MS);
      const lines = text.split('\n').length;
      if (!suite) {
        invalid += 1;
        expect(
          problems.some(({ severity }) => severity === 'error'),
          text.slice(0, 500),
        ).toBe(true);
      } else lintSuite(suite);
      for (const { message, position } of problems) {
        expect(position.file).toBe(FILE);
        expect(position.line).toBeGreaterThanOrEqual(1);
        expect(position.line).toBeLessThanOrEqual(lines);
        expect(position.col).toBeGreaterThanOrEqual(1);
        expect(message).not.toMatch(/undefined|\[object|Invalid input|see params/);
      }
      const shown = formatProblems(problems, texts, { color: false });
      expect(shown.split('\n').every((line) => line.length < 700)).toBe(true);
    }
    expect(invalid).toBeGreaterThan(0);
  });

  test('is tried in at least 500 ways', () => {
    const total = names.reduce((sum, name) => sum + roundsOf(name), 0);
    expect(total).toBeGreaterThanOrEqual(500);
  });
});
