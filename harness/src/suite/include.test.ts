// Blocks and included files: what they add to a suite, and that mistakes in them are shown in them.

import { describe, expect, test } from 'vitest';
import { TestcardError } from '../model/errors.ts';
import { CHECK, parseSample, problemsOf, suiteWith } from './testing/sample-kinds.ts';

const resolver = (files: Record<string, string>) => (path: string) => {
  const text = files[path];
  if (text === undefined) throw new TestcardError('SUITE_NOT_FOUND', `cannot read ${path}: there is no such file`);
  return { file: `/suites/${path}`, text };
};

describe('a block', () => {
  const text = (steps: string, block: string) => `${suiteWith(steps)}blocks:\n${block}`;
  const warmUp = `  warm-up:\n    vars: { times: 2, host: a.b }\n    steps:\n      - request: { url: "http://\${host}/\${who}", times: "\${times}" }\n      - wait: 1s\n`;

  test('stands in the place of `use`, its steps where they were written', () => {
    const { suite, problems } = parseSample(
      text(`- use: warm-up\n${CHECK}`, '  warm-up:\n    - wait: 1s\n    - wait: 2s\n'),
    );
    expect(problems).toEqual([]);
    const [use] = suite?.cases[0]?.steps ?? [];
    expect(use).toMatchObject({ key: 'use', title: 'use warm-up', position: { line: 6 } });
    expect(use?.input).toMatchObject({
      steps: [
        { title: 'wait 1000 ms', position: { line: 10 } },
        { title: 'wait 2000 ms', position: { line: 11 } },
      ],
    });
  });

  test('takes variables from `with`, its own defaults, and those around it', () => {
    const steps = `- use: { name: warm-up, with: { times: 7 } }\n${CHECK}`;
    const { suite, problems } = parseSample(
      text(steps, warmUp).replace('environment: e', 'environment: e\nvars: { who: me, times: 1 }'),
    );
    expect(problems).toEqual([]);
    expect(suite?.cases[0]?.steps[0]?.input).toMatchObject({
      steps: [{ input: { url: 'http://a.b/me', times: 7 } }, {}],
    });
  });

  test('shows what is missing in it at its own place, once', () => {
    const steps = `- use: warm-up\n- use: warm-up\n${CHECK}`;
    expect(problemsOf(text(steps, warmUp))).toEqual([expect.stringMatching(/^13:41 unknown variable `who`/)]);
  });

  test('that nothing uses is checked all the same', () => {
    expect(problemsOf(text(CHECK, '  warm-up:\n    - wait: 1\n'))).toEqual([
      expect.stringMatching(/^9:13 `wait`: expected a duration/),
    ]);
    expect(problemsOf(text(CHECK, warmUp))).toEqual([]);
  });

  test.each([
    ['- use: warmup', /^6:14 unknown block `warmup` \[did you mean `warm-up`\?\]/],
    ['- use: { name: warm-up, wiht: { times: 7 } }', /^6:31 unknown key `wiht` in `use` \[did you mean `with`\?\]/],
    ['- use: 3', /^6:14 `use`: expected text, or a map with `name`, got 3/],
  ])('%s', (step, expected) => {
    expect(problemsOf(text(`${step}\n${CHECK}`, warmUp))[0]).toMatch(expected);
  });

  test('cannot use itself', () => {
    expect(problemsOf(text('- use: a', '  a: [{ use: b }]\n  b: [{ use: a }]\n'))[0]).toMatch(
      /the block uses itself: a → b → a/,
    );
  });

  test.each([
    ['  a: 3\n', 'the block `a` is a list of steps'],
    ['  a: { step: [] }\n', 'unknown key `step` in the block `a`'],
    ['  a: { vars: {} }\n', '`steps` is missing in the block `a`'],
    ['  a: []\n', 'expected at least one step'],
  ])('is a list of steps: %j', (block, expected) => {
    expect(problemsOf(text(CHECK, block))[0]).toContain(expected);
  });

  test('can define what later steps use, and use what earlier ones saved', () => {
    const block =
      '  login:\n    - request: { url: "http://a.b", status: 200, save: { token: $.t } }\n  use-it:\n    - request: { url: "http://a.b/${token}" }\n';
    expect(problemsOf(text('- use: login\n- use: use-it', block))).toEqual([]);
    expect(problemsOf(text('- use: use-it\n- use: login', block))[0]).toContain(
      '`token` is used before a step saves it',
    );
  });

  test('cannot be given a value that is only saved at run time', () => {
    const block =
      '  login:\n    - request: { url: "http://a.b", status: 200, save: { token: $.t } }\n  use-it:\n    - request: { url: "http://a.b/${x}" }\n';
    const steps = '- use: login\n- use: { name: use-it, with: { x: "${token}" } }';
    expect(problemsOf(text(steps, block))[0]).toMatch(/^7:42 `token` has no value when the suite is read/);
  });
});

describe('an included file', () => {
  const suite = suiteWith('- use: warm-up\n- request: { url: "${host}" }', 'environment: e\ninclude: shared.yaml');
  const shared = `vars: { host: "http://shared/" }
blocks:
  warm-up:
    - wait: 1s
cases:
  - case: is shared
    steps:
      - ${CHECK.slice(2)}
`;

  test('adds its variables, blocks and cases, its cases first', () => {
    const {
      suite: parsed,
      problems,
      texts,
    } = parseSample(suite.replace('url: "${host}"', 'url: "${host}", status: 200'), {
      resolveInclude: resolver({ 'shared.yaml': shared }),
    });
    expect(problems).toEqual([]);
    expect(parsed?.cases.map(({ title }) => title)).toEqual(['is shared', 'works']);
    expect(parsed?.cases[0]?.position).toMatchObject({ file: '/suites/shared.yaml', line: 6 });
    expect(parsed?.cases[1]?.steps[1]?.input).toMatchObject({ url: 'http://shared/' });
    expect([...texts.keys()]).toEqual(['/suites/sample.suite.yaml', '/suites/shared.yaml']);
  });

  test('may be all there is', () => {
    const { suite: parsed } = parseSample('suite: s\nenvironment: e\ninclude: [shared.yaml]\n', {
      resolveInclude: resolver({ 'shared.yaml': shared }),
    });
    expect(parsed?.cases).toHaveLength(1);
  });

  test('gives way to the suite’s own variables and blocks', () => {
    const own = suiteWith(
      '- use: warm-up',
      'environment: e\ninclude: shared.yaml\nvars: { host: mine }\nblocks: { warm-up: [{ wait: 9s }] }',
    ).replace('- use: warm-up', `- use: warm-up\n      ${CHECK}`);
    const { suite: parsed } = parseSample(own, { resolveInclude: resolver({ 'shared.yaml': shared }) });
    expect(parsed?.cases[1]?.vars).toEqual({ host: 'mine' });
    expect(parsed?.cases[1]?.steps[0]?.input).toMatchObject({ steps: [{ input: 9_000 }] });
  });

  test('shows its mistakes in it, after those of the suite', () => {
    const bad = shared.replace('wait: 1s', 'wait: 1').replace('metric', 'metrc');
    const { problems } = parseSample(suite.replace('url:', 'ulr:'), {
      resolveInclude: resolver({ 'shared.yaml': bad }),
    });
    expect(problems.map(({ position, message }) => `${position.file}:${position.line} ${message}`)).toEqual([
      '/suites/sample.suite.yaml:8 unknown key `ulr` in `request`',
      expect.stringContaining('/suites/shared.yaml:4 `wait`: expected a duration'),
      '/suites/shared.yaml:8 unknown check `metrc`',
    ]);
  });

  test.each([
    [
      'that is not there',
      {},
      '3:10 cannot read shared.yaml: there is no such file [paths are relative to the file that includes]',
    ],
    [
      'that is a suite',
      { 'shared.yaml': 'suite: x\nblocks: {}\n' },
      '1:1 unknown key `suite` in an included file [known here: description, include, vars, blocks, cases]',
    ],
    ['that is no map', { 'shared.yaml': '- a\n' }, '1:1 expected a map with `vars`, `blocks` or `cases`'],
    ['with a syntax error', { 'shared.yaml': 'vars: [\n' }, '2:1 not valid YAML'],
    [
      'that includes itself',
      { 'shared.yaml': 'include: shared.yaml\n' },
      '1:10 these files include each other: sample.suite.yaml → shared.yaml → shared.yaml',
    ],
  ])('%s', (_name, files, expected) => {
    const problems = problemsOf(suiteWith(CHECK, 'environment: e\ninclude: shared.yaml'), {
      resolveInclude: resolver(files),
    });
    expect(problems[0]).toContain(expected);
    expect(problems).toHaveLength(1);
  });

  test('is read once, whoever includes it', () => {
    const files = {
      'a.yaml': 'include: c.yaml\n',
      'b.yaml': 'include: c.yaml\n',
      'c.yaml': `cases:\n  - case: c\n    steps: [${CHECK.slice(2).replace('expect:', '{ expect:')} }]\n`,
    };
    const { suite: parsed, problems } = parseSample('suite: s\nenvironment: e\ninclude: [a.yaml, b.yaml]\n', {
      resolveInclude: resolver(files),
    });
    expect(problems).toEqual([]);
    expect(parsed?.cases).toHaveLength(1);
  });
});
