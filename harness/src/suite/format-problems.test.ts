// Problems as people see them: place, message, what was meant, the lines of the file, and a count.

import { describe, expect, test } from 'vitest';
import type { Problem } from '../model/errors.ts';
import { codeFrame } from './code-frame.ts';
import { formatProblems } from './format-problems.ts';

const text = 'suite: s\nenvironment: e\ncases:\n  - case: x\n    stpes: []\n    more: 1\n    last: 2\n';
const error: Problem = {
  severity: 'error',
  message: 'unknown key `stpes`',
  hint: 'did you mean `steps`?',
  position: { file: '/work/suites/a.suite.yaml', line: 5, col: 5 },
};
const warning: Problem = { severity: 'warning', message: 'odd', position: { ...error.position, line: 1, col: 1 } };
const texts = new Map([[error.position.file, text]]);

describe('problems for people', () => {
  test('show place, message, hint, lines and count', () => {
    expect(
      formatProblems([error, warning], texts, { color: false, from: '/work' }),
    ).toBe(`suites/a.suite.yaml:5:5 error unknown key \`stpes\`
  did you mean \`steps\`?
    3 | cases:
    4 |   - case: x
  > 5 |     stpes: []
      |     ^
    6 |     more: 1

suites/a.suite.yaml:1:1 warning odd
  > 1 | suite: s
      | ^
    2 | environment: e

1 error and 1 warning in 1 file
`);
  });

  test('have colours only when asked for', () => {
    const esc = String.fromCharCode(27);
    expect(formatProblems([error], texts, { color: false })).not.toContain(esc);
    expect(formatProblems([error], texts, { color: true })).toContain(esc);
  });

  test('are nothing when there are none', () => {
    expect(formatProblems([], texts, { color: false })).toBe('');
  });

  test('stay on one line each, whatever their text holds', () => {
    const [head] = formatProblems([{ ...error, message: 'two\n  lines' }], texts, {
      color: false,
      from: '/work',
    }).split('\n');
    expect(head).toBe('suites/a.suite.yaml:5:5 error two lines');
  });

  test('show far-away files by their whole path', () => {
    expect(formatProblems([warning], texts, { color: false, from: '/a/b/c/d' })).toMatch(
      /^\/work\/suites\/a\.suite\.yaml:1:1 warning odd/,
    );
  });
});

describe('a code frame', () => {
  const at = (line: number, col: number) => ({ file: 'f', line, col });

  test('marks the column under tabs', () => {
    expect(codeFrame('a:\n\tb: 1', at(2, 2)).split('\n').at(-1)).toBe('      | \t^');
  });

  test('cuts long lines around the place', () => {
    const frame = codeFrame(`${'x'.repeat(500)}HERE${'y'.repeat(500)}`, at(1, 501));
    const [line = '', mark = ''] = frame.split('\n');
    expect(line.length).toBeLessThan(140);
    expect(line.slice(mark.indexOf('^')).startsWith('HERE')).toBe(true);
  });

  test('shows no control characters', () => {
    expect(codeFrame('a\u001b[31mb', at(1, 1))).toContain('a?[31mb');
  });

  test('is empty outside the text', () => {
    expect(codeFrame('a', at(9, 1))).toBe('');
  });
});
