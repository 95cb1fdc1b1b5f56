import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServiceSpec } from '../model/environment.ts';
import { loadEnvironment } from './load-environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'compose-merge-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const BASE = `services:
  web:
    environment: { MODE: slow, LEVEL: info }
    ports: ["8000"]
    depends_on: [db]
    x-testcard:
      embedded: { run: [node, web.js, --careful], environment: { DEBUG: "0" } }
      metrics: "http://web:8000/metrics"
  db:
    ports: ["5000"]
    x-testcard: { embedded: { run: [db] } }
`;

function load(overrides: string[], base = BASE) {
  const files = [base, ...overrides].map((text, index) => {
    const file = join(folder, index === 0 ? 'compose.yaml' : `over-${index}.yaml`);
    writeFileSync(file, text);
    return file;
  });
  return loadEnvironment(files[0] ?? '', 'embedded', files.slice(1));
}

function web(...overrides: string[]): ServiceSpec {
  const { spec, problems } = load(overrides);
  const found = spec?.services.find(({ name }) => name === 'web');
  if (!found) throw new Error(JSON.stringify(problems));
  return found;
}

const shown = (...overrides: string[]) =>
  load(overrides).problems.map(
    ({ message, position: { file, line, col } }) => `${basename(file)}:${line}:${col} ${message}`,
  );

describe('what a file laid over another changes', () => {
  test('variables are replaced and added one by one; the others stay', () => {
    expect(web('services: { web: { environment: { MODE: fast, EXTRA: "1" } } }').environment).toEqual({
      MODE: 'fast',
      LEVEL: 'info',
      EXTRA: '1',
    });
  });

  test('a list of variables over a map, and a variable that is taken from outside', () => {
    process.env.TESTCARD_TEST_LEVEL = 'outside';
    expect(web('services: { web: { environment: ["MODE=fast", "TESTCARD_TEST_LEVEL"] } }').environment).toEqual({
      MODE: 'fast',
      LEVEL: 'info',
      TESTCARD_TEST_LEVEL: 'outside',
    });
    delete process.env.TESTCARD_TEST_LEVEL;
  });

  test('a command is replaced whole, what stands beside it stays', () => {
    expect(
      web('services: { web: { x-testcard: { embedded: { run: [node, mutant.js], environment: { MUTANT: a } } } } }'),
    ).toMatchObject({
      run: ['node', 'mutant.js'],
      embeddedEnvironment: { DEBUG: '0', MUTANT: 'a' },
      metrics: 'http://web:8000/metrics',
    });
  });

  test('ports are added, each once', () => {
    expect(web('services: { web: { ports: ["8000", "9000"] } }').ports).toEqual([8000, 9000]);
  });

  test('a dependency is added, and the condition of one that is there is changed', () => {
    const over = `services:
  cache: { x-testcard: { embedded: { run: [cache] } } }
  web: { depends_on: { db: { condition: service_healthy }, cache: {} } }`;
    expect(web(over).dependsOn).toEqual([
      { service: 'db', condition: 'service_healthy' },
      { service: 'cache', condition: 'service_started' },
    ]);
  });

  test('a service is added', () => {
    const { spec } = load(['services: { proxy: { x-testcard: { embedded: { run: [proxy] } } } }']);
    expect(spec?.services.map(({ name }) => name)).toEqual(['web', 'db', 'proxy']);
  });

  test('several are laid on in order, the last word counts', () => {
    const one = 'services: { web: { environment: { MODE: one, FIRST: "1" } } }';
    const two = 'services: { web: { environment: { MODE: two } } }';
    expect(web(one, two).environment).toEqual({ MODE: 'two', LEVEL: 'info', FIRST: '1' });
  });

  test('`!override` replaces what would be merged, `!reset` takes it out', () => {
    expect(web('services: { web: { environment: !override { MODE: only } } }').environment).toEqual({ MODE: 'only' });
    expect(web('services: { web: { depends_on: !reset null } }').dependsOn).toEqual([]);
    expect(web('services: { web: { environment: { LEVEL: !reset null } } }').environment).toEqual({ MODE: 'slow' });
  });

  test('a key with nothing below it changes nothing', () => {
    expect(web('services: { web: { environment:, ports: } }').environment).toEqual({ MODE: 'slow', LEVEL: 'info' });
  });

  test('anchors of one file do not reach into the other', () => {
    const over = 'x-a: &a { MODE: mine }\nservices: { web: { environment: *a } }';
    const { spec } = load(
      [over],
      `x-a: &a { LEVEL: base }\n${BASE}  other: { environment: *a, x-testcard: { embedded: { run: [o] } } }\n`,
    );
    expect(spec?.services[0]?.environment).toMatchObject({ MODE: 'mine', LEVEL: 'info' });
    expect(spec?.services[2]?.environment).toEqual({ LEVEL: 'base' });
  });
});

describe('problems are where they were written', () => {
  test('in the file laid on, for what it says; in the first, for what that says', () => {
    expect(shown('services:\n  web:\n    environment:\n      DB_URL: "http://db:5999/"\n')).toEqual([
      expect.stringMatching(/^over-1\.yaml:4:15 .*5999/),
    ]);
    expect(
      shown('services:\n  db:\n    ports: !override ["5001"]\n  web: { environment: { DB: "http://db:5000/" } }'),
    ).toEqual([expect.stringMatching(/^over-1\.yaml:4:29 .*5000/)]);
    expect(load(['services: { db: { ports: ["1"] } }'], BASE.replace('[db]\n', '[bd]\n')).problems).toMatchObject([
      { position: { file: join(folder, 'compose.yaml'), line: 5 } },
    ]);
  });

  test('an entry of a list that was added to', () => {
    expect(shown('services:\n  web:\n    environment: [MODE=fast, "DB_URL=http://db:5999/"]\n')).toEqual([
      expect.stringMatching(/^over-1\.yaml:3:30 .*5999/),
    ]);
  });

  test('a variable laid over a list of variables', () => {
    const base = BASE.replace('{ MODE: slow, LEVEL: info }', '[MODE=slow, LEVEL=info]');
    expect(load(['services:\n  web:\n    environment: { DB_URL: "http://db:5999/" }\n'], base).problems).toMatchObject([
      { position: { file: join(folder, 'over-1.yaml'), line: 3, col: 28 } },
    ]);
  });

  test('an unknown key of ours, a service without a command, a dependency on nothing', () => {
    expect(shown('services: { web: { x-testcard: { metrisc: x } } }')).toEqual([
      'over-1.yaml:1:34 unknown key metrisc in x-testcard',
    ]);
    expect(shown('services:\n  wbe: { environment: { A: b } }')).toEqual([
      'over-1.yaml:2:3 service wbe has no command for the embedded runtime',
    ]);
    expect(shown('services:\n  web:\n    depends_on: [cahe]')).toEqual([
      expect.stringMatching(/^over-1\.yaml:3:18 web depends on cahe/),
    ]);
  });

  test('a variable that is not set', () => {
    expect(shown('services: { web: { environment: { A: "${TESTCARD_NOT_SET}" } } }')).toEqual([
      expect.stringMatching(/^over-1\.yaml:1:38 variable TESTCARD_NOT_SET/),
    ]);
  });

  test('a file that is no map, that is not YAML, that is not there', () => {
    expect(shown('- a')).toEqual([expect.stringMatching(/^over-1\.yaml:1:1 .*a map with `services:`/)]);
    expect(shown('')).toEqual([expect.stringMatching(/^over-1\.yaml:1:1 .*a map with `services:`/)]);
    expect(shown('a: [')).toEqual([expect.stringMatching(/^over-1\.yaml:1:5 not valid YAML/)]);
    expect(() => loadEnvironment(join(folder, 'compose.yaml'), 'embedded', [join(folder, 'none.yaml')])).toThrow(
      'none.yaml does not exist',
    );
  });
});
