import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { poll } from '../../base/poll.ts';
import { endpointOf } from '../../environment/address-map.ts';
import type { EnvironmentSpec, ServiceSpec, StartOptions } from '../../model/environment.ts';
import type { LogLine } from '../../model/ports.ts';
import type { TimelineEvent } from '../../model/timeline.ts';
import { isPortTaken } from '../ownership/claim-ports.ts';
import { processStart } from '../ownership/process-identity.ts';
import type { SupervisedEnvironment } from '../supervision/supervised-environment.ts';
import { createEmbeddedRuntime } from './embedded-runtime.ts';

/** A service that does what its variables say. */
const SERVICE = `
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
const { env } = process;
console.log(JSON.stringify({ event: 'start', pid: process.pid, env }));
if (env.SAY) process.stderr.write(env.SAY);
if (env.CHILD) console.log(JSON.stringify({ event: 'child', child: spawn('sh', ['-c', 'trap "" TERM; exec sleep 600'], { stdio: 'inherit' }).pid }));
if (env.STOP_MS) process.on('SIGTERM', () => setTimeout(() => process.exit(0), Number(env.STOP_MS)));
if (env.IGNORE_TERM) process.on('SIGTERM', () => {});
if (env.CRASH_ONCE && !existsSync(env.CRASH_ONCE)) { writeFileSync(env.CRASH_ONCE, ''); process.exit(3); }
if (env.EXIT) process.exit(Number(env.EXIT));
const listen = () => {
  for (const [name, port] of Object.entries(env)) {
    if (!name.startsWith('PORT_')) continue;
    createServer((request, response) => {
      if (request.url === '/die') process.exit(7);
      response.statusCode = request.url === '/bad' ? 503 : 200;
      response.end('ok');
    }).listen(Number(port), '127.0.0.1');
  }
};
if (!env.DEAF) setTimeout(listen, Number(env.DELAY_MS ?? 0));
setInterval(() => {}, 1000);
`;

let folder: string;
let logs: LogLine[];
let events: TimelineEvent[];
const running: SupervisedEnvironment[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'embedded-test-'));
  writeFileSync(join(folder, 'service.mjs'), SERVICE);
  writeFileSync(join(folder, 'package.json'), '{"workspaces": []}');
  logs = [];
  events = [];
});
afterEach(async () => {
  for (const environment of running.splice(0)) await environment.stop(AbortSignal.timeout(2_000));
  rmSync(folder, { recursive: true });
});

function service(name: string, more: Partial<ServiceSpec> = {}): ServiceSpec {
  return {
    name,
    run: ['node', 'service.mjs'],
    environment: {},
    ports: [80],
    dependsOn: [],
    restart: { policy: 'no' },
    logs: 'json',
    stopGraceMs: 2_000,
    ...more,
  };
}

const specOf = (...services: ServiceSpec[]): EnvironmentSpec => ({
  file: join(folder, 'compose.yaml'),
  name: 'test',
  services,
});

async function start(spec: EnvironmentSpec, options: Partial<StartOptions> = {}): Promise<SupervisedEnvironment> {
  const environment = await createEmbeddedRuntime().start(spec, {
    overrides: {},
    logFolder: join(folder, 'logs'),
    onLog: (line) => logs.push(line),
    onEvent: (event) => events.push(event),
    signal: new AbortController().signal,
    readyWithinMs: 10_000,
    ...options,
  });
  running.push(environment);
  return environment;
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const result = await poll(() => (isTrue() ? { done: true, value: true } : { done: false }), {
    withinMs: 5_000,
    clock: systemClock,
    everyMs: 5,
    maxEveryMs: 20,
  });
  if (!result.ok) throw new Error(`never: ${what}`);
}

const states = (name: string) =>
  events.flatMap((event) => (event.type === 'service' && event.service === name ? [event.state] : []));
const started = (name: string) => logs.filter((line) => line.service === name && line.fields?.event === 'start');
const envOf = (name: string) => started(name).at(-1)?.fields?.env as Record<string, string>;
const order = (...wanted: string[]) =>
  events.flatMap((event) =>
    event.type === 'service' && wanted.includes(`${event.service} ${event.state}`)
      ? [`${event.service} ${event.state}`]
      : [],
  );

/** A zombie is gone: it only waits for its new parent to count it. */
const isAlive = (pid: number) => processStart(pid) !== undefined;

const ask = (url: string) =>
  new Promise<number | undefined>((resolve) => {
    get(url, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', () => resolve(undefined));
  });

describe('starting', () => {
  test('services see each other, and the harness sees them, at local ports; two with the same port do not clash', async () => {
    const environment = await start(
      specOf(
        service('a', { ports: [80, 81], environment: { OWN_PORT: '80', B_URL: 'http://b:80/x?y=a:81' } }),
        service('b', {
          embeddedEnvironment: { MODE: 'embedded', LEVEL: 'low' },
          environment: { LEVEL: 'high', SIZE: '1' },
        }),
      ),
      { overrides: { b: { environment: { SIZE: '2', A_URL: 'http://a:81' } } } },
    );
    const ports = environment.ports;
    expect(new Set([ports.a?.[80], ports.a?.[81], ports.b?.[80]]).size).toBe(3);
    expect(await ask(environment.resolve('http://a:81/'))).toBe(200);
    expect(await ask(environment.resolve('http://b:80/bad'))).toBe(503);
    expect(envOf('a')).toMatchObject({
      OWN_PORT: String(ports.a?.[80]),
      PORT_80: String(ports.a?.[80]),
      B_URL: `http://127.0.0.1:${ports.b?.[80]}/x?y=127.0.0.1:${ports.a?.[81]}`,
    });
    expect(envOf('b')).toMatchObject({
      MODE: 'embedded',
      LEVEL: 'low',
      SIZE: '2',
      A_URL: `http://127.0.0.1:${ports.a?.[81]}`,
    });
  });

  test('of the environment of the harness, services see only what they need', async () => {
    process.env.EMBEDDED_TEST_SECRET = 'hidden';
    try {
      await start(specOf(service('a')));
      expect(envOf('a')).not.toHaveProperty('EMBEDDED_TEST_SECRET');
      expect(envOf('a').TESTCARD_OWNER).toBe(process.env.TESTCARD_OWNER);
    } finally {
      delete process.env.EMBEDDED_TEST_SECRET;
    }
  });

  test('depends_on is honoured, and what does not depend on anything starts at once', async () => {
    const environment = await start(
      specOf(
        service('last', { dependsOn: [{ service: 'slow', condition: 'service_healthy' }] }),
        service('slow', { environment: { DELAY_MS: '300' } }),
        service('early', { dependsOn: [{ service: 'slow', condition: 'service_started' }] }),
        service('job', { ports: [], environment: { EXIT: '0' } }),
        service('after', { dependsOn: [{ service: 'job', condition: 'service_completed_successfully' }] }),
      ),
    );
    expect(order('slow ready', 'last starting')).toEqual(['slow ready', 'last starting']);
    expect(order('slow ready', 'early starting')).toEqual(['early starting', 'slow ready']);
    expect(order('job exited', 'after starting')).toEqual(['job exited', 'after starting']);
    expect(environment.names().map((name) => environment.status(name).state)).toEqual([
      'ready',
      'ready',
      'ready',
      'exited',
      'ready',
    ]);
  });

  test('ready is what x-testcard.ready, the health check, or else the ports say', async () => {
    const check = { intervalMs: 1000, timeoutMs: 1000, retries: 3, startPeriodMs: 0 };
    const probe = `fetch('http://localhost:80/').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`;
    const environment = await start(
      specOf(
        service('http', { ready: { http: 'http://http:80/health' }, environment: { DELAY_MS: '200' } }),
        service('command', { ready: { command: ['node', '-e', probe], ...check }, environment: { DELAY_MS: '200' } }),
        service('ports', { environment: { DELAY_MS: '200' }, ports: [80, 81, 82], udpPorts: [82] }),
        service('nothing', { ports: [], environment: { DEAF: '1' } }),
      ),
    );
    expect(environment.names().map((name) => environment.status(name).state)).toEqual([
      'ready',
      'ready',
      'ready',
      'running',
    ]);
    for (const name of ['http', 'command', 'ports']) expect(states(name)).toEqual(['starting', 'ready']);
    expect(environment.readyAfterMs).toBeGreaterThan(200);
    for (const name of ['http', 'command', 'ports'])
      expect(await ask(environment.resolve(`http://${name}:80/`))).toBe(200);
  });

  test('every line is delivered and written down, JSON with its fields', async () => {
    await start(specOf(service('a', { environment: { SAY: 'one\ntoken=abc\n' } }), service('b', { logs: 'text' })), {
      mask: (text) => text.replaceAll('abc', '***'),
    });
    await until('stderr arrived', () => logs.some(({ stream }) => stream === 'stderr'));
    expect(logs.filter(({ stream }) => stream === 'stderr').map(({ text }) => text)).toEqual(['one', 'token=abc']);
    expect(logs.find(({ service: name }) => name === 'b')?.fields).toBeUndefined();
    const written = () => readFileSync(join(folder, 'logs', 'a.log'), 'utf8');
    await expect.poll(written, { timeout: 2_000 }).toContain('token=***');
    expect(written()).toContain('"event":"start"');
  });
});

describe('what cannot start', () => {
  const refusal = (spec: EnvironmentSpec, options: Partial<StartOptions> = {}) =>
    start(spec, options).then(
      () => undefined,
      (error: unknown) => error,
    );
  const nothingIsLeft = async () => {
    for (const line of logs) if (line.fields?.event === 'start') expect(isAlive(line.fields.pid as number)).toBe(false);
    expect(events.at(-1)).toMatchObject({ type: 'environment', state: 'down' });
    for (const name of existsSync(claimsOf()) ? readdirSync(claimsOf()) : []) {
      expect(readFileSync(join(claimsOf(), name), 'utf8')).not.toBe(process.env.TESTCARD_OWNER);
    }
  };
  const claimsOf = () => join(tmpdir(), `testcard-ports-${process.getuid?.()}`);

  test('a service that crashes is told at once, with its exit code and last words', async () => {
    const position = { file: 'compose.yaml', line: 3, col: 3 };
    const bad = service('bad', { position, environment: { EXIT: '3', SAY: 'no database\n' } });
    expect(await refusal(specOf(service('good'), bad))).toMatchObject({
      code: 'SERVICE_NOT_READY',
      message: 'service bad crashed while starting: exit code 3',
      hint: expect.stringContaining('its last words: '),
      position,
      detail: { exitCode: 3, state: 'exited', lastLines: expect.arrayContaining(['no database']) },
    });
    await nothingIsLeft();
  });

  test('one that starts too slowly: what was seen last', async () => {
    const slow = service('slow', { ready: { http: 'http://slow:80/bad' } });
    expect(await refusal(specOf(slow), { readyWithinMs: 700 })).toMatchObject({
      message: 'service slow is not ready after 0.7 s: still starting (http://slow:80/bad: answered 503)',
    });
    await nothingIsLeft();
  });

  test('a health check that fails or hangs: what it said, and nothing of it is left', async () => {
    const check = { intervalMs: 50, timeoutMs: 200, retries: 1, startPeriodMs: 0 };
    const sick = service('sick', { ready: { command: ['sh', '-c', 'echo no disk; exit 3'], ...check } });
    expect(await refusal(specOf(sick), { readyWithinMs: 500 })).toMatchObject({
      message: 'service sick is not ready after 0.5 s: still starting (health check ended with 3: no disk)',
    });
    const pids = join(folder, 'pids');
    const hangs = service('hangs', {
      ready: { command: ['sh', '-c', `sleep 600 & echo $! >> ${pids}; wait`], ...check },
    });
    expect(await refusal(specOf(hangs), { readyWithinMs: 700 })).toMatchObject({
      message: 'service hangs is not ready after 0.7 s: still starting (health check took longer than 200 ms)',
    });
    const sleepers = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
    expect(sleepers.length).toBeGreaterThan(1);
    await until('all are gone', () => !sleepers.some(isAlive));
  });

  test('one that keeps crashing under its restart policy', async () => {
    const bad = service('bad', { restart: { policy: 'always' }, environment: { EXIT: '1' } });
    const error = await refusal(specOf(bad), { readyWithinMs: 1_000 });
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^service bad is not ready after 1.0 s: it keeps ending \(exit code 1, started \d times\)$/,
      ),
    });
    await nothingIsLeft();
  });

  test('a program that is not there', async () => {
    expect(await refusal(specOf(service('a', { run: ['no-such-program-here'] })))).toMatchObject({
      message:
        'service a crashed while starting: no-such-program-here could not be started: spawn no-such-program-here ENOENT',
    });
  });

  test('a job that fails keeps what waits for it from starting', async () => {
    const job = service('job', { ports: [], environment: { EXIT: '2' } });
    const after = service('after', { dependsOn: [{ service: 'job', condition: 'service_completed_successfully' }] });
    expect(await refusal(specOf(job, after))).toMatchObject({
      message: 'service job crashed while starting: exit code 2',
    });
    expect(started('after')).toEqual([]);
  });

  test('an override for a service that is not there', async () => {
    expect(await refusal(specOf(service('web')), { overrides: { wb: {} } })).toMatchObject({
      code: 'SUITE_INVALID',
      hint: 'did you mean web?',
    });
  });

  test('an address in an override that leads nowhere', async () => {
    const overrides = { web: { environment: { URL: 'http://web:81' } } };
    expect(await refusal(specOf(service('web')), { overrides })).toMatchObject({
      message: 'URL of web: service web has no port 81',
    });
  });

  test('interrupted while starting, it stops what was started and rejects with the reason', async () => {
    const interrupt = new AbortController();
    const starting = refusal(specOf(service('a', { environment: { DEAF: '1' } })), { signal: interrupt.signal });
    await until('the service runs', () => started('a').length === 1);
    interrupt.abort(new Error('Ctrl-C'));
    expect(await starting).toMatchObject({ message: 'Ctrl-C' });
    await nothingIsLeft();
  });

  // The thief listens on the port that was given to the victim, as any program of the machine could.
  const THIEF = `
    import { existsSync, writeFileSync } from 'node:fs';
    import { createServer } from 'node:net';
    const steal = process.env.TIMES === 'always' || !existsSync('stolen');
    writeFileSync('stolen', '');
    if (steal) createServer().listen(Number(process.env.VICTIM.split(':')[1]), '127.0.0.1', () => console.log('mine'));
    else console.log('not again');
    setInterval(() => {}, 1000);`;
  const robbed = (times: string) => {
    writeFileSync(join(folder, 'thief.mjs'), THIEF);
    const healthy = {
      command: ['sh', '-c', 'test -e stolen && sleep 0.2'],
      intervalMs: 50,
      timeoutMs: 1000,
      retries: 1,
      startPeriodMs: 0,
    };
    return specOf(
      service('thief', {
        run: ['node', 'thief.mjs'],
        ports: [],
        ready: healthy,
        environment: { TIMES: times, VICTIM: 'victim:80' },
      }),
      service('victim', { dependsOn: [{ service: 'thief', condition: 'service_healthy' }] }),
    );
  };

  test('a port that another program takes at the last moment: all start again on other ports', async () => {
    const environment = await start(robbed('once'));
    expect(environment.status('victim').state).toBe('ready');
    expect(started('victim')).toHaveLength(1);
    expect(logs.filter(({ service: name }) => name === 'thief').map(({ text }) => text)).toEqual(['mine', 'not again']);
  });

  test('taken again: an error that says so', async () => {
    expect(await refusal(robbed('always'))).toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringMatching(/^port \d+, given to service victim, was taken by another program$/),
    });
    await nothingIsLeft();
  });
});

describe('while it runs', () => {
  test('a service that crashes is started again by its policy, at the same port', async () => {
    const environment = await start(specOf(service('a', { restart: { policy: 'on-failure' } })));
    const url = environment.resolve('http://a:80/');
    const before = environment.status('a').pid;
    await ask(`${url}die`);
    await until(
      'it is ready again',
      () => environment.status('a').restarts === 1 && environment.status('a').state === 'ready',
    );
    expect(environment.status('a')).toMatchObject({ restarts: 1, exitCode: 7 });
    expect(environment.status('a').pid).not.toBe(before);
    expect(await ask(url)).toBe(200);
    expect(states('a')).toEqual(['starting', 'ready', 'exited', 'starting', 'ready']);
  });

  test('killed by a signal, with no policy, it stays down and says how it ended', async () => {
    const environment = await start(specOf(service('a')));
    environment.service('a').kill('SIGKILL');
    await until('it is seen', () => environment.status('a').state === 'exited');
    expect(environment.status('a')).toMatchObject({ signal: 'SIGKILL', restarts: 0, pid: undefined });
  });

  test('stopped by hand, it stays down whatever its policy, until it is started', async () => {
    const environment = await start(specOf(service('a', { restart: { policy: 'always' } })));
    await environment.service('a').stop(new AbortController().signal);
    expect(environment.status('a')).toMatchObject({ state: 'stopped', signal: 'SIGTERM' });
    expect(await isPortTaken(Number(environment.ports.a?.[80]))).toBe(false);
    environment.service('a').start();
    await until('it is ready', () => environment.status('a').state === 'ready');
    expect(environment.status('a').restarts).toBe(0);
  });

  test('restoring brings back what is down, in the order of dependencies, and forgets how it went', async () => {
    const marker = join(folder, 'crashed');
    const environment = await start(
      specOf(
        service('db', { environment: { DELAY_MS: '200' } }),
        service('web', { dependsOn: [{ service: 'db', condition: 'service_healthy' }] }),
        service('flaky', { restart: { policy: 'on-failure' }, environment: { CRASH_ONCE: marker } }),
        service('job', { ports: [], environment: { EXIT: '0' } }),
        service('after', { dependsOn: [{ service: 'job', condition: 'service_completed_successfully' }] }),
      ),
    );
    expect(environment.status('flaky')).toMatchObject({ restarts: 1, exitCode: 3 });
    environment.service('web').kill('SIGKILL');
    await environment.service('db').stop(new AbortController().signal);
    await until('both are down', () => environment.status('web').state === 'exited');
    events.length = 0;
    await environment.restore(new AbortController().signal);
    expect(environment.names().map((name) => environment.status(name).state)).toEqual([
      'ready',
      'ready',
      'ready',
      'exited',
      'ready',
    ]);
    expect(order('db ready', 'web starting')).toEqual(['db ready', 'web starting']);
    expect(states('job')).toEqual([]);
    expect(environment.status('flaky')).toMatchObject({ restarts: 0, exitCode: undefined });
  });
});

describe('stopping', () => {
  test('in reverse order of dependencies; nothing is left, and it may be asked twice', async () => {
    const environment = await start(
      specOf(
        service('db', { environment: { CHILD: '1' } }),
        service('web', {
          dependsOn: [{ service: 'db', condition: 'service_started' }],
          environment: { STOP_MS: '200' },
        }),
      ),
    );
    await until('the child is known', () => logs.some((line) => line.fields?.event === 'child'));
    const child = logs.find((line) => line.fields?.event === 'child')?.fields?.child as number;
    expect(isAlive(child)).toBe(true);
    await Promise.all([environment.stop(AbortSignal.timeout(5_000)), environment.stop(AbortSignal.timeout(5_000))]);
    expect(order('db stopped', 'web stopped')).toEqual(['web stopped', 'db stopped']);
    await until('the child is gone', () => !isAlive(child));
    for (const table of Object.values(environment.ports)) {
      for (const port of Object.values(table)) expect(await isPortTaken(endpointOf(port).port)).toBe(false);
    }
  });

  test('a service that does not listen to SIGTERM is killed when its grace is over', async () => {
    const environment = await start(specOf(service('a', { stopGraceMs: 300, environment: { IGNORE_TERM: '1' } })));
    const startedAt = performance.now();
    await environment.stop(new AbortController().signal);
    expect(performance.now() - startedAt).toBeGreaterThan(250);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(environment.status('a')).toMatchObject({ state: 'stopped', signal: 'SIGKILL' });
  });

  test('whoever stops may cut the grace short', async () => {
    const environment = await start(specOf(service('a', { stopGraceMs: 60_000, environment: { IGNORE_TERM: '1' } })));
    await environment.stop(AbortSignal.timeout(100));
    expect(environment.status('a')).toMatchObject({ state: 'stopped', signal: 'SIGKILL' });
  });
});
