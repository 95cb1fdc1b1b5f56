// Suites as a whole: what comes out of a valid one, and that every mistake is found at its place.

import { describe, expect, test } from 'vitest';
import { CHECK, FILE, parseSample, problemsOf, suiteWith } from './testing/sample-kinds.ts';

const VALID = `suite: sample
description: What it is about.
priority: P1
tags: [smoke]
environment: dubbing
services:
  worker:
    environment: { LIMIT: 3, MODE: fast }
throughout:
  metric: m
  of: worker
  at-most: 3
cases:
  - case: works end to end
    tags: [slow, smoke]
    priority: P3
    timeout: 1m30s
    throughout:
      - metric: n
        of: worker
        equals: 0
    steps:
      - record: { from: "rtsp://relay:8554/out", as: output }
      - eventually:
          within: 5s
          unless: { metric: errors, of: worker, equals: 1 }
          metric: m
          of: worker
          equals: 1
      - expect:
          - metric: m
            of: worker
            equals: 1
          - recording: output
            duration: 1m
  - case: is skipped
    skip: not today
    only-on: { runtime: compose, reason: needs a kernel }
    steps: [{ expect: { metric: m, of: worker, equals: 1 } }]
`;

describe('a valid suite', () => {
  const { suite, problems } = parseSample(VALID);
  const [first, second] = suite?.cases ?? [];

  test('has no problems', () => {
    expect(problems).toEqual([]);
  });

  test('keeps what is written at the top', () => {
    expect(suite).toMatchObject({
      file: FILE,
      id: 'sample',
      name: 'sample',
      description: 'What it is about.',
      priority: 'P1',
      tags: ['smoke'],
      environment: { ref: 'dubbing', position: { file: FILE, line: 5, col: 14 } },
      services: { worker: { environment: { LIMIT: '3', MODE: 'fast' } } },
      text: VALID,
    });
  });

  test('gives cases their own priority, tags and timeout over those of the suite', () => {
    expect(first).toMatchObject({ priority: 'P3', tags: ['smoke', 'slow'], timeoutMs: 90_000, id: 'works-end-to-end' });
    expect(second).toMatchObject({ priority: 'P1', tags: ['smoke'], timeoutMs: 120_000 });
  });

  test('puts the suite’s promises before the case’s', () => {
    expect(first?.throughout.map(({ title }) => title)).toEqual(['metric m of worker', 'metric n of worker']);
    expect(first?.throughout.map(({ position }) => position.line)).toEqual([10, 19]);
  });

  test('keeps reasons to skip', () => {
    expect(second).toMatchObject({
      skip: { reason: 'not today' },
      onlyOn: { runtime: 'compose', reason: 'needs a kernel' },
    });
  });

  test('knows line and column of cases, steps and checks however nested', () => {
    expect(first?.position).toEqual({ file: FILE, line: 14, col: 5 });
    const [record, eventually, expectStep] = first?.steps ?? [];
    expect(record?.position).toMatchObject({ line: 23, col: 9 });
    expect(eventually?.position).toMatchObject({ line: 24, col: 9 });
    const { check, unless } = (eventually?.input ?? {}) as Record<'check' | 'unless', { position: object } | undefined>;
    expect(check?.position).toMatchObject({ line: 27, col: 11 });
    expect(unless?.position).toMatchObject({ line: 26, col: 21 });
    const checks = expectStep?.input as { position: object; title: string }[];
    expect(checks.map(({ position }) => position)).toMatchObject([
      { line: 31, col: 13 },
      { line: 34, col: 13 },
    ]);
  });

  test('hands each step what its kind made of it', () => {
    expect(first?.steps.map(({ key, title }) => `${key}: ${title}`)).toEqual([
      'record: record rtsp://relay:8554/out as output',
      'eventually: eventually metric m of worker',
      'expect: expect metric m of worker; recording output',
    ]);
    expect(first?.steps[0]?.input).toEqual({ from: 'rtsp://relay:8554/out', as: 'output' });
    expect(first?.steps[1]?.input).toMatchObject({ within: 5_000 });
  });
});

describe('every mistake at once, each at its place', () => {
  test('several in one file', () => {
    const text = `suite: sample
environmnt: dubbing
priority: P4
cases:
  - case: one
    timeout: 20
    steps:
      - recrd: { from: a, as: b }
      - publish: { fixture: f, too: "rtsp://a/b" }
      - eventually:
          withn: 3s
          metric: m
          of: worker
`;
    expect(problemsOf(text)).toEqual([
      '2:1 unknown key `environmnt` in the suite [did you mean `environment`?]',
      '3:11 `priority`: expected one of `P1`, `P2`, `P3`, got "P4"',
      '6:14 `timeout`: expected a duration with its unit, such as 500ms, 2s or 1m30s, got 20 [did you mean 20s or 20ms?]',
      '8:9 unknown step `recrd` [did you mean `record`?]',
      '9:32 unknown key `too` in `publish` [did you mean `to`?]',
      '11:11 unknown key `withn` in this `metric` check [did you mean `within`?]',
    ]);
  });

  test.each([
    ['no file content', '', '1:1 the file is empty: a suite without a case is never green'],
    ['a list at the top', '- a', '1:1 expected a suite (a map with `suite`, `environment` and `cases`)'],
    ['text at the top', 'hello', '1:1 expected a suite (a map with `suite`, `environment` and `cases`)'],
  ])('%s', (_name, text, expected) => {
    expect(problemsOf(text)).toEqual([expected]);
  });

  test('the environment is looked up although something else at the top is wrong', () => {
    const text = suiteWith(CHECK, 'environment: e\ntags: smoke');
    const problem = { severity: 'error' as const, message: 'no such', position: { file: '', line: 1, col: 1 } };
    expect(problemsOf(text, { knownOf: () => problem })).toEqual([
      '2:14 no such',
      '3:7 `tags`: expected a list, got "smoke" [write it as a list: [smoke]]',
    ]);
  });

  test('a word that is nearly one of those allowed', () => {
    expect(problemsOf(suiteWith(CHECK, 'environment: e\npriority: p1'))).toEqual([
      '3:11 `priority`: expected one of `P1`, `P2`, `P3`, got "p1" [did you mean `P1`?]',
    ]);
  });

  test('no cases', () => {
    expect(problemsOf('suite: s\nenvironment: e\n')[0]).toMatch(/^1:1 the suite has no cases/);
    expect(problemsOf('suite: s\nenvironment: e\ncases: []\n')).toEqual([
      '3:1 `cases` is empty: a suite without a case is never green',
    ]);
    expect(problemsOf('suite: s\nenvironment: e\ncases:\n')).toHaveLength(1);
    expect(problemsOf('suite: s\nenvironment: e\ncases: { case: x }\n')[0]).toMatch(/^3:8 `cases`: expected a list/);
  });

  test.each([
    ['`steps` missing', 'a case', '  - case: x\n', '4:5 `steps` is missing in this case'],
    ['no steps', 'a case', '  - case: x\n    steps: []\n', '5:12 expected at least one step'],
    ['steps that are a map', 'a case', '  - case: x\n    steps: { wait: 3s }\n', '5:12 expected a list of steps'],
    ['a title that is no text', 'a case', `  - case: [x]\n    steps: [{ wait: 3s }]\n`, '4:11 `case`: expected text'],
    ['a case that is text', 'a case', '  - x\n', '4:5 expected a case'],
  ])('%s', (_name, _what, cases, expected) => {
    const [first] = problemsOf(`suite: s\nenvironment: e\ncases:\n${cases}`);
    expect(first).toContain(expected);
  });

  test('a case without a check is never green', () => {
    expect(problemsOf(suiteWith('- wait: 1s'))[0]).toMatch(/^4:5 the case “works” has no check/);
    expect(problemsOf(suiteWith('- request: { url: "http://a.b/c" }'))[0]).toMatch(/has no check/);
    expect(problemsOf(suiteWith('- request: { url: "http://a.b/c", status: 200 }'))).toEqual([]);
    expect(problemsOf(suiteWith('- repeat:\n    times: 2\n    steps:\n      - expect: { metric: m, of: w }'))).toEqual(
      [],
    );
    const promised = suiteWith('- wait: 1s', 'environment: e\nthroughout: { metric: m, of: w }');
    expect(problemsOf(promised)).toEqual([]);
  });

  test('cases whose titles make the same file name have ids of their own', () => {
    const text = `${suiteWith(CHECK)}  - case: "works!"\n    steps:\n      ${CHECK}\n  - case: "…"\n    steps:\n      ${CHECK}\n`;
    expect(parseSample(text).suite?.cases.map(({ id }) => id)).toEqual(['works', 'works-2', 'case']);
  });

  test('two cases of one title', () => {
    const text = `${suiteWith(CHECK)}  - case: works\n    steps:\n      ${CHECK}\n`;
    expect(problemsOf(text)).toEqual([
      expect.stringContaining('7:5 another case is called “works” too [the first is at /suites/sample.suite.yaml:4:5'),
    ]);
  });
});

describe('a step', () => {
  test.each([
    ['as text', '- wait', '6:9 expected a step (a map with one key), got "wait" [write `- wait: …`]'],
    ['without a key', '- {}', '6:9 expected a step (a map with one key), got an empty map'],
    [
      'with two keys',
      '- wait: 1s\n  finish: x',
      '7:9 a step is a map with one key: this one has `wait`, `finish` [start each step with `- `]',
    ],
    [
      'with its keys not indented',
      '- eventually:\n  within: 3s\n  metric: m',
      '6:9 a step is a map with one key: this one has `eventually`, `within`, `metric` [indent what belongs to `eventually` further than `eventually` itself]',
    ],
    ['without a value', '- finish:', '6:9 `finish`: expected text, or a map with `name`, got nothing'],
    [
      'of an unknown kind',
      '- network: { cut: true }',
      '6:9 unknown step `network` [steps are: publish, record, finish, request, expect, eventually, parallel, repeat, phase, wait, use]',
    ],
    [
      'with a boolean of old YAML',
      '- publish: { fixture: f, to: "rtsp://a/b", loop: yes }',
      '6:56 `loop`: expected true or false, got "yes" [did you mean true?]',
    ],
    [
      'that is a check',
      '- metric: m',
      '6:9 unknown step `metric` [`metric` is a check: put it into `expect`, `eventually` or `throughout`]',
    ],
    ['with a wrong type', '- record: { from: 3, as: x }', '6:25 `from`: expected text, got 3'],
    [
      'with a bad unit',
      '- wait: 3 sec',
      '6:15 `wait`: expected a duration with its unit, such as 500ms, 2s or 1m30s, got "3 sec" [did you mean 3s?]',
    ],
    ['in the long form, wrong', '- finish: { nam: x }', '6:19 unknown key `nam` in `finish` [did you mean `name`?]'],
  ])('%s', (_name, step, expected) => {
    expect(problemsOf(suiteWith(`${step}\n${CHECK}`))[0]).toBe(expected);
  });

  test('inside another is checked like any other', () => {
    const text = suiteWith(
      `- parallel:\n    - repeat:\n        times: 2\n        steps:\n          - wait: 3\n          - wat: 3s\n${CHECK}`,
    );
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^10:25 `wait`: expected a duration/),
      expect.stringMatching(/^11:19 unknown step `wat` \[did you mean `wait`\?\]/),
    ]);
  });
});

describe('a check', () => {
  test.each([
    [
      'without a subject',
      '- expect: { of: w, equals: 1 }',
      '6:17 this check does not say what it looks at [name one of metric, recording]',
    ],
    ['with a subject misspelt', '- expect: { metrc: m, of: w }', '6:19 unknown check `metrc` [did you mean `metric`?]'],
    [
      'with two subjects',
      '- expect: { metric: m, recording: r }',
      '6:30 a check looks at one thing: this one names `metric` and `recording` [write two checks, each an entry of its own in `expect`]',
    ],
    ['that is text', '- expect: [m]', '6:18 expected a check (a map that names what it looks at), got "m"'],
    ['in an empty list', '- expect: []', '6:17 expected at least one check, got an empty list'],
    [
      'with an unknown key',
      '- expect: { metric: m, of: w, atmost: 3 }',
      '6:37 unknown key `atmost` in this `metric` check [did you mean `at-most`?]',
    ],
    [
      'of a phase that never starts',
      '- expect: { metric: m, of: w, during: outage }',
      '6:45 unknown phase `outage` [no step of this case starts a phase]',
    ],
    [
      'missing in a step that needs one',
      '- eventually: { within: 3s }',
      '6:21 this step holds no check [name one of metric, recording]',
    ],
  ])('%s', (_name, step, expected) => {
    expect(problemsOf(suiteWith(step))[0]).toBe(expected);
  });

  test('keeps the phase that it looks at', () => {
    const { suite } = parseSample(suiteWith('- phase: outage\n- expect: { metric: m, of: w, during: outage }'));
    const [check] = (suite?.cases[0]?.steps[1]?.input ?? []) as { during?: string }[];
    expect(check?.during).toBe('outage');
  });
});
