// Warnings: what is legal but probably not meant. None for the suites that ship.

import { describe, expect, test } from 'vitest';
import { lintSuite } from './lint-suite.ts';
import { CHECK, parseSample, suiteWith } from './testing/sample-kinds.ts';

function warningsOf(text: string): string[] {
  const { suite, problems } = parseSample(text);
  expect(problems).toEqual([]);
  if (!suite) return [];
  return lintSuite(suite).map(
    ({ message, hint, position }) =>
      `${position.line}:${position.col} ${message}${hint === undefined ? '' : ` [${hint}]`}`,
  );
}

const record = '- record: { from: "rtsp://r:1/x", as: output }';
const look = '- finish: output\n- expect: { recording: output }';

describe('warnings', () => {
  test('none when there is nothing to say', () => {
    expect(warningsOf(suiteWith(`${record}\n${look}`))).toEqual([]);
  });

  test('a step that its kind advises against, wherever it stands', () => {
    expect(warningsOf(suiteWith(`- wait: 1s\n- parallel:\n    - wait: 2s\n${CHECK}`))).toEqual([
      '6:9 prefer `eventually`',
      '8:13 prefer `eventually`',
    ]);
  });

  test('a case that ends before its longest step', () => {
    const text = suiteWith('- eventually: { within: 3m, metric: m, of: w }');
    expect(warningsOf(text)).toEqual([
      '6:9 this step may take 3m, but the case ends after 2m [raise the `timeout` of the case (default 2m), or shorten the step]',
    ]);
    expect(warningsOf(text.replace('- case: works', '- case: works\n    timeout: 3m'))).toEqual([]);
  });

  test('a recording that nothing looks at', () => {
    expect(warningsOf(suiteWith(`${record}\n${CHECK}`))).toEqual([
      '6:9 the recording `output` is never looked at [add a check: `recording: output`]',
    ]);
    expect(warningsOf(suiteWith(record, 'environment: e\nthroughout: { recording: output }'))).toEqual([]);
  });

  test('a recording that is measured while it may still be open', () => {
    expect(
      warningsOf(suiteWith(`${record}\n- expect:\n    - metric: m\n      of: w\n    - recording: output`)),
    ).toEqual([
      '10:24 `output` may still be recording here, and can only be measured when it has ended [`finish: output` or `stop: output` first]',
    ]);
  });

  test('a name that is started twice', () => {
    const publish = '- publish: { fixture: f, to: "rtsp://r:1/x" }';
    expect(warningsOf(suiteWith(`${publish}\n${publish}\n${CHECK}`))).toEqual([
      '7:9 `f` may still be running here [`finish` or `stop` it first, or choose another name with `as`]',
    ]);
    expect(warningsOf(suiteWith(`${publish}\n- finish: f\n${publish}\n${CHECK}`))).toEqual([]);
  });

  test('variables and blocks that nothing uses', () => {
    const head =
      'environment: e\nvars: { used: m, unused: 1, "inside": used }\nblocks: { idle: [{ expect: { metric: m, of: w } }] }';
    expect(warningsOf(suiteWith('- expect: { metric: "${used}", of: "${inside}" }', head))).toEqual([
      '3:18 the variable `unused` is not used',
      '4:11 the block `idle` is not used',
    ]);
  });

  test('blocks that only unused blocks use', () => {
    const head = 'environment: e\nblocks:\n  a: [{ use: b }]\n  b: [{ expect: { metric: m, of: w } }]';
    expect(warningsOf(suiteWith(CHECK, head))).toEqual([
      '4:3 the block `a` is not used',
      '5:3 the block `b` is not used',
    ]);
  });

  test('a variable that only one case uses is used', () => {
    const text = `suite: s\nenvironment: e\nvars: { a: m }\ncases:\n  - case: one\n    steps: [{ expect: { metric: m, of: w } }]\n  - case: two\n    vars: { b: 1 }\n    steps: [{ expect: { metric: "\${a}", of: w } }]\n`;
    expect(warningsOf(text)).toEqual(['8:13 the variable `b` is not used']);
  });

  test('the same one for every combination of a matrix is shown once', () => {
    const text = `suite: s\nenvironment: e\ncases:\n  - case: number \${n}\n    matrix: { n: [1, 2, 3] }\n    steps: [{ wait: 1s }, { expect: { metric: m, of: w } }]\n`;
    expect(warningsOf(text)).toEqual(['6:13 prefer `eventually`']);
  });
});
