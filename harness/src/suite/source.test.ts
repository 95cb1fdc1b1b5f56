// What is not YAML, not text, or too much of it, is refused at its place before anything is built from it.

import { describe, expect, test } from 'vitest';
import { readSource } from './source.ts';
import { CHECK, parseSample, problemsOf, suiteWith } from './testing/sample-kinds.ts';

describe('syntax errors', () => {
  test.each([
    ['a tab as indentation', 'suite: s\ncases:\n\t- case: x\n', /^3:1 not valid YAML: .*\[indent with spaces\]/i],
    ['an unclosed quote', 'suite: "s\nenvironment: e\n', /^\d+:\d+ not valid YAML: missing closing "quote/],
    ['an unclosed bracket', 'suite: s\ntags: [a, b\n', /^3:1 not valid YAML/],
    [
      'a colon in plain text',
      'suite: s\ncases:\n  - case: it says: hello\n',
      /^3:11 not valid YAML: nested mappings.*\[quote the text/,
    ],
    ['a key twice', 'suite: s\nsuite: t\nenvironment: e\ncases: []\n', /^2:1 the same key stands twice in this map/],
    ['an unknown alias', 'suite: *name\n', /^1:8 there is no anchor `&name` above/],
    ['a tag', 'suite: !x s\n', /^1:8 not valid YAML: unresolved tag/],
    ['two documents', 'suite: s\n---\nsuite: t\n', /^2:1 not valid YAML: .*\[a suite is one YAML document/],
    ['wrong indentation', 'suite: s\n  priority: P1\n', /^\d:\d+ not valid YAML/],
  ])('%s', (_name, text, expected) => {
    expect(problemsOf(text)).toContainEqual(expect.stringMatching(expected));
  });

  test('of which one leads to many are shown once', () => {
    expect(problemsOf('suite: s\ncases: [ }]\n- a\n  b: [\n')).toHaveLength(1);
  });

  test('of which neither leads to the other are both shown', () => {
    const text = suiteWith('- wait: a: b\n- request: { url: ${x} }');
    expect(problemsOf(text).map((problem) => problem.slice(0, 5))).toEqual(['6:15 ', '7:26 ']);
  });

  test('a key that stands twice does not hide other mistakes', () => {
    expect(problemsOf(suiteWith('- wait: 1', 'environment: e\nenvironment: f'))).toEqual([
      expect.stringContaining('3:1 the same key stands twice'),
      expect.stringContaining('7:15 `wait`: expected a duration'),
    ]);
  });
});

describe('limits', () => {
  test('control characters are no text', () => {
    expect(problemsOf('suite: s\npriority: \u0000P1')).toEqual([
      '2:11 is not a text file: it holds the control character 0x00',
    ]);
  });

  test('a file is at most 1 MiB', () => {
    expect(problemsOf(`suite: ${'é'.repeat(600_000)}`)[0]).toContain('1:1 is larger than 1 MiB');
  });

  test.each([
    ['brackets', `suite: ${'['.repeat(100_000)}`],
    ['lists', `suite:\n${'- '.repeat(100_000)}x`],
    ['maps', Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['brackets that are closed', suiteWith(CHECK, `environment: e\nvars: { a: ${'['.repeat(100)}${']'.repeat(100)} }`)],
  ])('nesting is bounded: %s', (_name, text) => {
    const before = process.cpuUsage();
    expect(problemsOf(text).join('\n')).toMatch(/is nested deeper than 64 levels/);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
  });

  test('aliases cannot multiply without end', () => {
    const bomb = [...'bcdefghi']
      .map((name, at) => `  ${name}: &${name} [${`*${'abcdefghi'[at]}, `.repeat(9)}]`)
      .join('\n');
    const text = suiteWith(CHECK, `environment: e\nvars:\n  a: &a [x, x, x, x, x, x, x, x, x]\n${bomb}`);
    expect(problemsOf(text)).toEqual([expect.stringContaining('comes to too many values')]);
  });

  test('an alias cannot stand inside what it stands for', () => {
    expect(problemsOf(suiteWith(CHECK, 'environment: e\nvars: { a: &a [1, *a] }')).join()).toContain(
      'an alias stands inside what it stands for',
    );
  });
});

describe('aliases and merge keys', () => {
  test('are followed, and keep the place of what they stand for', () => {
    const text = suiteWith(
      `- expect: &c { metric: m, of: worker, equals: 1 }\n- expect: *c\n- expect: { <<: *c, equals: 2 }`,
    );
    const { suite, problems } = parseSample(text);
    expect(problems).toEqual([]);
    const checks = suite?.cases[0]?.steps.map(
      ({ input }) => (input as { input: object; position: { line: number } }[])[0],
    );
    expect(checks?.map((check) => check?.input)).toMatchObject([
      { equals: 1 },
      { equals: 1 },
      { equals: 2, of: 'worker' },
    ]);
    expect(checks?.map((check) => check?.position.line)).toEqual([6, 6, 6]);
  });

  test('a merge key takes maps only', () => {
    expect(problemsOf(suiteWith('- expect: { <<: 3, metric: m, of: w }'))[0]).toContain('`<<` merges maps');
  });
});

test('positions count from one, and stay inside the file', () => {
  const { source } = readSource('a: 1\nb: 2', '/f.yaml');
  expect(source?.positionAt(0)).toEqual({ file: '/f.yaml', line: 1, col: 1 });
  expect(source?.positionAt(8)).toEqual({ file: '/f.yaml', line: 2, col: 4 });
  expect(source?.positionAt(999)).toMatchObject({ line: 2 });
});
