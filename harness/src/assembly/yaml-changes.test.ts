import { expect, test } from 'vitest';
import type { Suite } from '../model/suite.ts';
import { parseSuite } from '../suite/index.ts';
import { registry } from './registries.ts';
import { yamlChanges } from './yaml-changes.ts';

const TEXT = `suite: s
environment: e
vars: { most: 3 }
cases:
  - case: one
    steps:
      - wait: 1s
      - expect: { service: w, state: ready }
  - case: two
    steps:
      - expect: { service: w, state: exited }
`;

function parse(text: string): Suite {
  const { suite } = parseSuite(text, '/s.suite.yaml', { registry, env: {} });
  if (!suite) throw new Error(text);
  return suite;
}

test('names the lines that changed in the case and in what all cases share, and no others', () => {
  const now = TEXT.replace('most: 3', 'most: 4')
    .replace('      - wait: 1s\n', '')
    .replace('state: ready }', 'state: ready }\n      - wait: 2s\n      - wait: 3s')
    .replace('exited', 'failed');
  expect(yamlChanges(parse(TEXT), parse(now), 'one')).toEqual([
    { line: 3, was: 'vars: { most: 3 }', is: 'vars: { most: 4 }' },
    { line: 7, was: '- wait: 1s' },
    { line: 8, is: '- wait: 2s' },
    { line: 9, is: '- wait: 3s' },
  ]);
  expect(yamlChanges(parse(TEXT), parse(now), 'two').map(({ line }) => line)).toEqual([3, 12]);
  expect(yamlChanges(parse(TEXT), parse(TEXT), 'one')).toEqual([]);
});
