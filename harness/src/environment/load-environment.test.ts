import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServiceSpec } from '../model/environment.ts';
import { findEnvironment } from './find-environment.ts';
import { loadEnvironment, requireEnvironment } from './load-environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'compose-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(text: string, name = 'compose.yaml'): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const shown = (file: string, runtime?: 'embedded' | 'compose') =>
  loadEnvironment(file, runtime).problems.map(
    ({ severity, message, position, hint }) =>
      `${position.line}:${position.col} ${severity === 'warning' ? 'warning: ' : ''}${message}${hint === undefined ? '' : ` | ${hint}`}`,
  );

/** One service `web` with these lines added, four spaces in. */
function service(lines: string, runtime?: 'embedded' | 'compose'): ServiceSpec {
  const file = write(
    `services:\n  web:\n    x-testcard: { embedded: { run: [node, web.js] } }\n${lines}\n  db: { x-testcard: { embedded: { run: [db] } } }\n`,
  );
  const { spec, problems } = loadEnvironment(file, runtime);
  const [first] = spec?.services ?? [];
  if (!first) throw new Error(JSON.stringify(problems));
  return first;
}

describe('what is read', () => {
  test('a service that says nothing has the defaults of Compose', () => {
    expect(service('')).toEqual({
      name: 'web',
      run: ['node', 'web.js'],
      environment: {},
      ports: [],
      dependsOn: [],
      restart: { policy: 'no' },
      logs: 'text',
      stopGraceMs: 10_000,
      position: { file: join(folder, 'compose.yaml'), line: 2, col: 3 },
    });
  });

  test('where metrics are and where media can be broken are read as services see them', () => {
    const file = write(`services:
  web:
    ports: [80]
    x-testcard: { embedded: { run: [a] }, metrics: "http://web/m", media-faults: "http://web:80/faults" }
`);
    expect(loadEnvironment(file).spec?.services[0]).toMatchObject({
      metrics: 'http://web/m',
      mediaFaults: 'http://web:80/faults',
    });
  });

  test('environment as a map and as a list mean the same', () => {
    const expected = { A: '1', B: 'true', C: 'x=y' };
    expect(service('    environment: { A: 1, B: true, C: x=y }').environment).toEqual(expected);
    expect(service('    environment: [A=1, B=true, C=x=y]').environment).toEqual(expected);
  });

  test('a variable without a value comes from the process environment, or not at all', () => {
    process.env.COMPOSE_TEST_GIVEN = 'given';
    try {
      const expected = { COMPOSE_TEST_GIVEN: 'given' };
      expect(service('    environment: [COMPOSE_TEST_GIVEN, COMPOSE_TEST_NOT]').environment).toEqual(expected);
      expect(service('    environment: { COMPOSE_TEST_GIVEN: , COMPOSE_TEST_NOT: }').environment).toEqual(expected);
    } finally {
      delete process.env.COMPOSE_TEST_GIVEN;
    }
  });

  test('.env beside the file and env_file are read, the service itself wins', () => {
    write('FROM_DOTENV=yes\n', '.env');
    write('A=file\nB=file\n', 'web.env');
    expect(service('    env_file: web.env\n    environment: { B: own, C: "${FROM_DOTENV}" }').environment).toEqual({
      A: 'file',
      B: 'own',
      C: 'yes',
    });
  });

  test('ports in every form: the container side counts', () => {
    const ports =
      '["8080", 81, "90:91", "127.0.0.1:1:92", "127.0.0.1::93/tcp", "3000-3002", "1-2:4-5", { target: 94, published: "1" }, "[::1]:1:95", "8080"]';
    expect(service(`    ports: ${ports}`).ports).toEqual([8080, 81, 91, 92, 93, 3000, 3001, 3002, 4, 5, 94, 95]);
    const udp = service(
      '    ports: ["53:53", "53:53/udp", "5004/udp", { target: 5005, protocol: udp }]\n    expose: ["99"]',
    );
    expect(udp).toMatchObject({ ports: [53, 5004, 5005, 99], udpPorts: [5004, 5005] });
  });

  test('depends_on, short and long', () => {
    expect(service('    depends_on: [db]').dependsOn).toEqual([{ service: 'db', condition: 'service_started' }]);
    expect(service('    depends_on: { db: { condition: service_healthy }, x: { required: false } }').dependsOn).toEqual(
      [{ service: 'db', condition: 'service_healthy' }],
    );
  });

  test.each([
    ['"no"', { policy: 'no' }],
    ['no', { policy: 'no' }],
    ['always', { policy: 'always' }],
    ['on-failure:3', { policy: 'on-failure', maxRetries: 3 }],
    ['unless-stopped', { policy: 'unless-stopped' }],
  ])('restart: %s', (written, expected) => {
    expect(service(`    restart: ${written}`).restart).toEqual(expected);
  });

  test('a health check is readiness, and x-testcard.ready comes before it', () => {
    const check = '    healthcheck: { test: [CMD, curl, localhost], interval: 1m30s, retries: 5 }';
    expect(service(check).ready).toEqual({
      command: ['curl', 'localhost'],
      intervalMs: 90_000,
      timeoutMs: 30_000,
      retries: 5,
      startPeriodMs: 0,
    });
    expect(service('    healthcheck: { test: [NONE] }').ready).toBeUndefined();
    expect(service('    healthcheck: { test: curl localhost }', 'compose').ready).toMatchObject({
      command: ['sh', '-c', 'curl localhost'],
    });
    const both = `services:\n  web:\n    ports: [80]\n${check}\n    x-testcard: { embedded: { run: [a] }, ready: { http: "http://web:80/" } }\n`;
    expect(loadEnvironment(write(both)).spec?.services[0]?.ready).toEqual({ http: 'http://web:80/' });
  });

  test('merge keys, unknown keys, foreign tags and x- extensions are let through', () => {
    const file = write(
      'x-all: &all { stop_grace_period: 2s, labels: !reset {} }\nvolumes: { v: }\nservices:\n  web: { <<: *all, image: "a:${TAG:-1}", cap_add: [X], x-testcard: { embedded: { run: [a] } } }\n',
    );
    expect(loadEnvironment(file)).toMatchObject({ problems: [], spec: { services: [{ stopGraceMs: 2000 }] } });
  });

  test('a service whose profile is off is left out', () => {
    const file = write(
      'services:\n  web: { x-testcard: { embedded: { run: [a] } } }\n  debug: { profiles: [debug], image: x }\n',
    );
    expect(loadEnvironment(file).spec?.services.map(({ name }) => name)).toEqual(['web']);
  });

  test('without a name it is called as its folder', () => {
    expect(requireEnvironment(write('services: { web: { x-testcard: { embedded: { run: [a] } } } }')).name).toBe(
      folder.split('/').at(-1),
    );
  });
});

describe('what is refused, all at once, each at its place', () => {
  test('a file full of mistakes', () => {
    const file = write(`services:
  web:
    ports: ["80", "eighty", "1-9999"]
    environment: [A=1, { B: 2 }]
    restart: sometimes
    stop_grace_period: 10
    depends_on: { db: { condition: healthy } }
    x-testcard:
      embeded: { run: [a] }
      logs: jsn
  api:
    depends_on: [dbb]
    environment: { URL: "http://db:5433/" }
    x-testcard: { embedded: { run: node api.js }, metrics: "api:80" }
  db:
    ports: [5432]
  ok:
    depends_on: [wb]
    x-testcard: { embedded: { run: [a] }, ready: { http: "http://okk:1/" }, metrics: "http://db:1/m", media-faults: "http://dbb:5432/f" }
`);
    expect(shown(file)).toEqual([
      '3:19 "eighty" is no port: write "8080", "80:8080" or { target: 8080 }',
      '3:29 1-9999 is a range of more than 100 ports',
      '4:24 expected KEY=value',
      '5:14 restart is "no", always, on-failure, on-failure:<times> or unless-stopped (got "sometimes")',
      '6:24 10 is no duration: write it with its unit, such as 500ms, 2s or 1m30s',
      '7:36 condition is one of service_started, service_healthy, service_completed_successfully',
      '9:7 unknown key embeded in x-testcard | did you mean embedded?',
      '10:13 logs is json or text',
      '14:36 run is the command as a list: [node, services/x/src/main.ts]',
      '15:3 service db has no command for the embedded runtime | add `x-testcard: { embedded: { run: [program, argument] } }` to it, or use --runtime compose',
      '18:18 ok depends on wb, which is not a service of this file | did you mean web?',
      '19:58 there is no service okk | did you mean ok?',
      '19:86 service db has no port 1 | it declares 5432; add "1" to its ports in the Compose file, or correct the address',
      '19:117 there is no service dbb | did you mean db?',
    ]);
  });

  test('a health check in a shell, on the embedded runtime', () => {
    const file = write(
      'services: { web: { healthcheck: { test: curl localhost }, x-testcard: { embedded: { run: [a] } } } }',
    );
    expect(shown(file)).toEqual([
      '1:35 a health check in a shell cannot run without the image | write it as ["CMD", "program", …], or add x-testcard.ready: { http: … }',
    ]);
  });

  test('addresses in the environment, as map and list', () => {
    const file = write(`services:
  db: { ports: [5432], x-testcard: { embedded: { run: [db] } } }
  a: { environment: { X: 1, URL: "http://db:1/" }, x-testcard: { embedded: { run: [a] } } }
  b:
    environment:
      - X=1
      - URL=pg://db:2
      - NEAR=http://dbs:5432/
    x-testcard: { embedded: { run: [a], environment: { Y: "db:3" } } }
`);
    expect(shown(file).map((line) => line.split(' |')[0])).toEqual([
      '3:34 service db has no port 1',
      '7:9 service db has no port 2',
      '8:9 warning: there is no service dbs',
      '9:59 service db has no port 3',
    ]);
  });

  test('circles', () => {
    const run = 'x-testcard: { embedded: { run: [a] } }';
    const file = write(
      `services:\n  a: { depends_on: [b], ${run} }\n  b: { depends_on: { c: {} }, ${run} }\n  c: { depends_on: [b, c], ${run} }\n`,
    );
    expect(shown(file).map((line) => line.split(' |')[0])).toEqual([
      '3:22 depends_on goes round in a circle: b → c → b',
      '4:24 depends_on goes round in a circle: c → c',
    ]);
  });

  test('the compose runtime needs no embedded command', () => {
    expect(
      shown(write('services: { web: { image: nginx, healthcheck: { test: curl localhost } } }'), 'compose'),
    ).toEqual([]);
  });

  test('variables: required ones are errors, missing ones warnings', () => {
    const file = write(
      'services:\n  web:\n    environment:\n      A: ${COMPOSE_TEST_A:?set A}\n      B: ${COMPOSE_TEST_B}\n    x-testcard: { embedded: { run: [a] } }\n',
    );
    expect(shown(file).map((line) => line.split(' |')[0])).toEqual([
      '4:10 variable COMPOSE_TEST_A is required: set A',
      '5:10 warning: variable COMPOSE_TEST_B is not set and has no default; it becomes empty',
    ]);
  });

  test.each([
    ['no map', '- a', '1:1 a Compose file is a map with `services:`'],
    ['empty', '', '1:1 a Compose file is a map with `services:`'],
    ['no services', 'name: x', '1:1 a Compose file lists its services under `services:`'],
    ['services without any', 'services: {}', '1:11 there are no services'],
    ['a service that is no map', 'services: { web: 3 }', '1:18 a service is a map'],
    [
      'broken YAML',
      'services:\n  web: [',
      '2:9 not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['the same service twice', 'services:\n  a: {}\n  a: {}', '3:3 not valid YAML: Map keys must be unique'],
    ['nesting without end', `services: ${'['.repeat(50_000)}`, '1:801 is nested too deep'],
  ])('%s', (_what, text, expected) => {
    expect(shown(write(text))[0]).toBe(expected);
  });

  test('the error for all of it carries the first place, and the rest in detail', () => {
    const file = write('services:\n  web: { ports: [a, b] }\n');
    expect(() => requireEnvironment(file)).toThrow(
      expect.objectContaining({
        code: 'COMPOSE_INVALID',
        message: '"a" is no port: write "8080", "80:8080" or { target: 8080 } (and 1 more)',
        position: { file, line: 2, col: 18 },
        detail: {
          problems: expect.arrayContaining([expect.objectContaining({ message: expect.stringContaining('"b"') })]),
        },
      }),
    );
  });

  test('a file that is not there, or is a folder', () => {
    expect(() => loadEnvironment(join(folder, 'nope.yaml'))).toThrow(/does not exist/);
    expect(() => loadEnvironment(folder)).toThrow(/cannot be read|is a folder/);
  });
});

describe('which file a suite means', () => {
  const place = (path: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), 'services: {}');
    return join(folder, path);
  };

  test('a folder under compose/, a path from the suite, or a path from the root', () => {
    const dubbing = place('compose/dubbing/compose.yaml');
    const old = place('compose/old/docker-compose.yml');
    const beside = place('suites/x/own.yaml');
    const suite = join(folder, 'suites/x/a.suite.yaml');
    expect(findEnvironment('dubbing', suite, folder)).toBe(dubbing);
    expect(findEnvironment('old', suite, folder)).toBe(old);
    expect(findEnvironment('./own.yaml', suite, folder)).toBe(beside);
    expect(findEnvironment('own.yaml', suite, folder)).toBe(beside);
    expect(findEnvironment('../../compose/dubbing', suite, folder)).toBe(dubbing);
    expect(findEnvironment('compose/dubbing/compose.yaml', suite, folder)).toBe(dubbing);
    expect(findEnvironment(dubbing, suite, folder)).toBe(dubbing);
  });

  test('a slip of the finger is guessed', () => {
    place('compose/dubbing/compose.yaml');
    const position = { file: 'x', line: 3, col: 14 };
    expect(() => findEnvironment('dubing', 'x', folder, position)).toThrow(
      expect.objectContaining({
        code: 'COMPOSE_NOT_FOUND',
        message: 'there is no environment dubing',
        hint: 'did you mean dubbing?',
        position,
      }),
    );
    expect(() => findEnvironment('./nope.yaml', join(folder, 's.yaml'), folder)).toThrow(
      expect.objectContaining({ hint: `looked for ${join(folder, 'nope.yaml')}` }),
    );
  });
});
