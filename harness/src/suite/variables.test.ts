// Variables: where they come from, which one wins, what type they have, and what happens to those that are not there.

import { describe, expect, test } from 'vitest';
import type { Case } from '../model/suite.ts';
import { CHECK, parseSample, problemsOf, suiteWith } from './testing/sample-kinds.ts';

const casesOf = (text: string, env: Record<string, string> = {}): Case[] => {
  const { suite, problems } = parseSample(text, { env });
  expect(problems).toEqual([]);
  return suite?.cases ?? [];
};
const inputOf = (kase: Case | undefined, step = 0): unknown => kase?.steps[step]?.input;

describe('a reference', () => {
  const head = 'environment: e\nvars:\n  times: 3\n  host: relay\n  deep: { a: { b: [x, y] } }\n  none:';

  test('that is the whole value keeps the type', () => {
    const [kase] = casesOf(suiteWith(`- request: { url: "\${host}", times: "\${times}", status: 200 }`, head));
    expect(inputOf(kase)).toEqual({ url: 'relay', times: 3, status: 200 });
  });

  test('says so when its type does not fit', () => {
    expect(problemsOf(suiteWith(`- request: { url: "\${times}", status: 200 }`, head))).toEqual([
      '11:25 `url`: expected text, got 3 [a reference alone keeps the type of its value: quote the value where it is defined]',
    ]);
  });

  test('inside text becomes text', () => {
    const [kase] = casesOf(suiteWith(`- request: { url: "http://\${host}:\${times}/\${none}x", status: 200 }`, head));
    expect(inputOf(kase)).toMatchObject({ url: 'http://relay:3/x' });
  });

  test('reaches into maps and lists', () => {
    const [kase] = casesOf(suiteWith(`- request: { url: "\${deep.a.b.1}", status: 200 }`, head));
    expect(inputOf(kase)).toMatchObject({ url: 'y' });
    expect(problemsOf(suiteWith(`- request: { url: "\${deep.a.c}", status: 200 }`, head))).toEqual([
      '11:26 `${deep.a.c}`: there is no `c` in it [it has: b]',
    ]);
  });

  test('to a map or list cannot stand inside text', () => {
    expect(problemsOf(suiteWith(`- request: { url: "x\${deep}", status: 200 }`, head))[0]).toMatch(
      /^11:27 `\$\{deep\}` is a map and cannot stand inside text/,
    );
  });

  test('is written literally after another $', () => {
    const [kase] = casesOf(suiteWith(`- request: { url: "a$\${host}b", status: 200 }`, head));
    expect(inputOf(kase)).toMatchObject({ url: 'a${host}b' });
  });

  test.each(['${}', '${a b}', '${', '${1x}', '${secret.X:-y}', '${env}'])('cannot be %s', (written) => {
    const [problem] = problemsOf(suiteWith(`- request: { url: '${written}', status: 200 }`, head));
    expect(problem).toContain('is not a reference');
    expect(problem).toMatch(/^11:26 /);
  });

  test('to nothing that is known is found at its place', () => {
    expect(problemsOf(suiteWith(`- request: { url: "http://\${hots}/", status: 200 }`, head))).toEqual([
      '11:33 unknown variable `hots` [did you mean `host`?]',
    ]);
  });

  test('without quotes in braces is a syntax error that says so', () => {
    expect(problemsOf(suiteWith('- request: { url: ${host} }', head))[0]).toContain('[quote the reference: "${name}"]');
  });
});

describe('variables', () => {
  const step = '- request: { url: "${a}-${b}", status: 200 }';

  test('of a case win over those of the suite, also inside other variables', () => {
    const text = `suite: s\nenvironment: e\nvars: { a: 1, b: "b\${a}" }\ncases:\n  - case: x\n    vars: { a: 2 }\n    steps:\n      ${step}\n`;
    const [kase] = casesOf(text);
    expect(inputOf(kase)).toMatchObject({ url: '2-b2' });
    expect(kase?.vars).toEqual({ a: 2, b: 'b2' });
  });

  test('can be used in titles, descriptions and the environment', () => {
    const text = `suite: about \${a}\nenvironment: "\${env.WHERE:-dubbing}"\nvars: { a: 1 }\ncases:\n  - case: case \${a}\n    steps:\n      ${CHECK}\n`;
    const { suite } = parseSample(text, { env: {} });
    expect(suite).toMatchObject({ name: 'about 1', environment: { ref: 'dubbing' }, cases: [{ title: 'case 1' }] });
    expect(parseSample(text, { env: { WHERE: 'live' } }).suite?.environment.ref).toBe('live');
  });

  test('cannot be defined by themselves', () => {
    const text = suiteWith(step, 'environment: e\nvars: { a: "${b}", b: "${a}" }');
    expect(problemsOf(text)).toEqual([expect.stringContaining('is defined by itself')]);
  });

  test.each([
    ['env', 'cannot be called `env`'],
    ['1x', 'cannot name a variable'],
    ['a.b', 'cannot name a variable'],
  ])('cannot be called %s', (name, expected) => {
    expect(problemsOf(suiteWith(CHECK, `environment: e\nvars: { "${name}": 1 }`))[0]).toContain(expected);
  });

  test('are a map', () => {
    expect(problemsOf(suiteWith(CHECK, 'environment: e\nvars: [a]'))).toEqual([
      '3:7 `vars`: expected a map of names and values',
    ]);
  });
});

describe('the process environment', () => {
  const step = (reference: string) => suiteWith(`- request: { url: "${reference}", status: 200 }`);

  test('gives values, or their defaults', () => {
    expect(inputOf(casesOf(step('${env.HOST}'), { HOST: 'relay' })[0])).toMatchObject({ url: 'relay' });
    expect(inputOf(casesOf(step('${env.HOST:-local}'))[0])).toMatchObject({ url: 'local' });
    expect(inputOf(casesOf(step('${env.HOST:-local}'), { HOST: '' })[0])).toMatchObject({ url: 'local' });
    expect(inputOf(casesOf(step('${env.HOST:-}'))[0])).toMatchObject({ url: '' });
  });

  test('must have what has no default', () => {
    expect(problemsOf(step('${env.HOST}'), { env: {} })).toEqual([
      '6:26 the environment variable HOST is not set [set it, or give a default: ${env.HOST:-…}]',
    ]);
  });
});

describe('a secret', () => {
  const env = { TOKEN: 'sesame-42' };
  const text = `suite: s
environment: e
vars: { token: "\${secret.TOKEN}", plain: 1, header: "Bearer \${token}" }
cases:
  - case: opens with \${token}
    steps:
      - request: { url: "http://a.b/\${header}", status: 200 }
      - expect: { metric: "\${token}", of: worker }
`;

  test('reaches steps, and is handed over for masking', () => {
    const { suite, secrets } = parseSample(text, { env });
    expect(inputOf(suite?.cases[0])).toMatchObject({ url: 'http://a.b/Bearer sesame-42' });
    expect(secrets).toEqual(['sesame-42']);
  });

  test('is in no title and no variable that is shown', () => {
    const { suite } = parseSample(text, { env });
    const [kase] = suite?.cases ?? [];
    expect(kase?.title).toBe('opens with ***');
    expect(kase?.vars).toEqual({ plain: 1 });
    expect(kase?.steps.map(({ title }) => title)).toEqual(['GET http://a.b/Bearer ***', 'expect metric *** of worker']);
    expect(kase?.steps[1]?.input).toMatchObject([{ title: 'metric *** of worker' }]);
    expect(kase?.id).toBe('opens-with');
  });

  test('is in no problem', () => {
    const bad = text.replace('status: 200', 'timeout: "${token}"');
    const { problems } = parseSample(bad, { env });
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain('sesame');
  });

  test('must be set', () => {
    expect(problemsOf(text, { env: {} })).toEqual([expect.stringContaining('3:17 the secret TOKEN is not set')]);
    expect(problemsOf(text, { env: { TOKEN: '' } })).toHaveLength(1);
  });
});

describe('a matrix', () => {
  const text = (matrix: string, title = 'waits ${delay}') =>
    `suite: s\nenvironment: e\nvars: { delays: [1s, 2s] }\ncases:\n  - case: "${title}"\n    matrix: ${matrix}\n    steps:\n      - wait: "\${delay}"\n      ${CHECK}\n`;

  test('makes a case for every combination, with its values as variables', () => {
    const cases = casesOf(text('{ delay: [1s, 2s], mode: [x, 7] }', '${delay} ${mode}'));
    expect(cases.map(({ title, id }) => `${title} | ${id}`)).toEqual([
      '1s x | 1s-x',
      '1s 7 | 1s-7',
      '2s x | 2s-x',
      '2s 7 | 2s-7',
    ]);
    expect(cases.map(({ matrix }) => matrix)[3]).toEqual({ delay: '2s', mode: 7 });
    expect(cases.map((kase) => inputOf(kase))).toEqual([1000, 1000, 2000, 2000]);
    expect(cases[0]?.vars).toMatchObject({ delay: '1s', mode: 'x' });
  });

  test('adds its values to titles that would be the same', () => {
    expect(casesOf(text('{ delay: [1s, 2s] }', 'waits')).map(({ title }) => title)).toEqual([
      'waits (delay: 1s)',
      'waits (delay: 2s)',
    ]);
  });

  test('may take a list from a variable', () => {
    expect(casesOf(text('{ delay: "${delays}" }'))).toHaveLength(2);
  });

  test('shows a mistake that all combinations share once', () => {
    expect(problemsOf(text('{ delay: [1, 2] }'))).toEqual([
      expect.stringMatching(/^8:15 `wait`: expected a duration.*got 1 /),
      expect.stringMatching(/^8:15 `wait`: expected a duration.*got 2 /),
    ]);
    expect(problemsOf(text('{ delay: [1s, 2s, 3s] }').replace('equals: 1', 'equal: 1'))).toHaveLength(1);
  });

  test('is bounded', () => {
    const many = `[${Array.from({ length: 20 }, (_, index) => `${index}s`).join(', ')}]`;
    expect(problemsOf(text(`{ delay: ${many}, other: ${many} }`))[0]).toContain('makes more than 256 cases');
  });

  test.each([
    ['{ delay: 1s }', '6:22 a matrix entry is a list of values'],
    ['{ delay: [] }', '6:22 `delay`: expected at least 1 entry'],
    ['[1s]', '6:13 `matrix`: expected a map'],
  ])('cannot be %s', (matrix, expected) => {
    expect(problemsOf(text(matrix)).some((problem) => problem.startsWith(expected))).toBe(true);
  });

  test('cannot name what the case’s variables name', () => {
    const both = text('{ delay: [1s] }').replace('    matrix:', '    vars: { delay: 3s }\n    matrix:');
    expect(problemsOf(both)).toEqual(['6:13 `delay` is in `vars` and in `matrix` of the same case']);
  });
});

describe('a value that a step saves', () => {
  const save = '- request: { url: "http://a.b/login", status: 200, save: { token: $.token } }';
  const use = '- request: { url: "http://a.b/${token}", times: "${token}", status: 200 }';

  test('can be used by later steps, which are bound when it is there', () => {
    const [kase] = casesOf(suiteWith(`${save}\n${use}`));
    const [, later] = kase?.steps ?? [];
    expect(later?.input).toBeUndefined();
    expect(later?.title).toContain('http://a.b/${token}');
    expect(later?.bind({ token: 7 })).toEqual({ url: 'http://a.b/7', times: 7, status: 200 });
    expect(later?.bind({ token: 8 })).toMatchObject({ times: 8 });
  });

  test('is shown as written where its type is not known', () => {
    const [kase] = casesOf(suiteWith(`${save}\n- wait: "\${token}"`));
    expect(kase?.steps[1]?.title).toBe('wait ${token}');
    const [other] = casesOf(suiteWith(`${save}\n- request: { url: "http://a.b/\${token}", status: 200 }`));
    expect(other?.steps[1]?.title).toBe('GET http://a.b/${token}');
    expect(kase?.steps[1]?.bind({ token: '3s' })).toBe(3_000);
  });

  test('that does not fit is an error of the suite at that step', () => {
    const [kase] = casesOf(suiteWith(`${save}\n${use}`));
    const bind = () => kase?.steps[1]?.bind({ token: 'abc' });
    expect(bind).toThrowError(
      expect.objectContaining({
        code: 'SUITE_INVALID',
        message: '`times`: expected a number, got "abc"',
        position: expect.objectContaining({ line: 7 }),
      }),
    );
    expect(() => kase?.steps[1]?.bind({})).toThrowError('nothing has been saved as `token` yet');
  });

  test('does not keep the rest of the step from being checked', () => {
    const text = suiteWith(`${save}\n${use.replace('status', 'statsu')}`);
    expect(problemsOf(text)).toEqual(['7:67 unknown key `statsu` in `request` [did you mean `status`?]']);
  });

  test('must be saved by an earlier step', () => {
    expect(problemsOf(suiteWith(`${use}\n${save}`))).toEqual([
      '6:37 `token` is used before a step saves it [move the step that saves it up]',
      '6:56 `token` is used before a step saves it [move the step that saves it up]',
    ]);
    expect(problemsOf(suiteWith(`${save}\n${use.replaceAll('token', 'tokn')}`))[0]).toBe(
      '7:37 unknown variable `tokn` [did you mean `token`?]',
    );
  });

  test('reaches checks and steps inside other steps', () => {
    const [kase] = casesOf(
      suiteWith(
        `${save}\n- repeat:\n    times: 2\n    steps:\n      - expect: { metric: m, of: worker, equals: "\${token}" }`,
      ),
    );
    const repeat = kase?.steps[1]?.input as { steps: { input: unknown; bind(saved: object): unknown }[] } | undefined;
    const [inner] = repeat?.steps ?? [];
    expect(inner?.input).toBeUndefined();
    expect(inner?.bind({ token: 5 })).toMatchObject([{ input: { equals: 5 } }]);
  });

  test('cannot replace a variable', () => {
    expect(problemsOf(suiteWith(save, 'environment: e\nvars: { token: 1 }'))).toEqual([
      '7:9 `token` is a variable already, so nothing can be saved under that name',
    ]);
  });

  test('comes too late for promises throughout and for variables', () => {
    const text = `suite: s\nenvironment: e\ncases:\n  - case: c\n    throughout: { metric: "\${token}", of: w }\n    vars: { v: "\${token}" }\n    steps:\n      ${save}\n`;
    expect(problemsOf(text).map((problem) => problem.replace(/ \[.*/, ''))).toEqual([
      '5:28 unknown variable `token`',
      '6:17 unknown variable `token`',
    ]);
  });
});
