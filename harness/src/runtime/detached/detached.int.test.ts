import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { poll } from '../../base/poll.ts';
import type { LogLine } from '../../model/ports.ts';
import { markedProcesses } from '../ownership/marked-processes.ts';
import { currentOwner } from '../ownership/owner.ts';
import { processStart } from '../ownership/process-identity.ts';
import { type DetachedState, findDetached, listDetached, startDetached, stopDetached } from './detached.ts';
import { readLogs } from './read-logs.ts';

let folder: string;
const ups: DetachedState[] = [];
const never = new AbortController().signal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'detached-test-'));
  writeFileSync(join(folder, 'package.json'), '{"workspaces": []}');
  writeFileSync(
    join(folder, 'web.mjs'),
    `import { createServer } from 'node:http';
    if (process.env.BROKEN) { console.log('I am broken'); process.exit(4); }
    console.log('hello from ' + process.env.NAME);
    if (!process.env.DEAF) createServer((request, response) => { console.log('asked ' + request.url); response.end(); }).listen(Number(process.env.PORT_80), '127.0.0.1');
    setInterval(() => {}, 1000);`,
  );
  const service = (name: string) =>
    `  ${name}: { ports: [80], environment: { NAME: ${name} }, x-testcard: { embedded: { run: [node, web.mjs] } } }\n`;
  writeFileSync(join(folder, 'compose.yaml'), `name: pair\nservices:\n${service('web')}${service('api')}`);
});
afterEach(async () => {
  for (const state of ups.splice(0)) await stopDetached(folder, state, never);
  rmSync(folder, { recursive: true });
});

const request = (signal = never) => ({
  file: join(folder, 'compose.yaml'),
  name: 'pair',
  reports: folder,
  overrides: {},
  signal,
});

async function up(): Promise<DetachedState> {
  const state = await startDetached(request());
  ups.push(state);
  return state;
}

const ask = (state: DetachedState, path = '/') =>
  new Promise<number | undefined>((resolve) => {
    get(`http://127.0.0.1:${state.ports.web?.[80]}${path}`, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', () => resolve(undefined));
  });

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const result = await poll(() => (isTrue() ? { done: true, value: true } : { done: false }), {
    withinMs: 5_000,
    clock: systemClock,
  });
  if (!result.ok) throw new Error(`never: ${what}`);
}

async function read(options: Parameters<typeof readLogs>[2] = {}): Promise<string[]> {
  const lines: LogLine[] = [];
  for await (const line of readLogs(folder, { name: 'pair' }, options)) lines.push(line);
  return lines.map(({ service, text }) => `${service}: ${text}`);
}

test('it is up, found by other commands with its addresses, and gone when it is stopped', async () => {
  const state = await up();
  expect(await ask(state)).toBe(200);
  expect(listDetached(folder)).toMatchObject([{ name: 'pair', pid: state.pid, ports: state.ports }]);
  expect(findDetached(folder)).toMatchObject({ name: 'pair' });
  expect(state.services.map(({ state: how }) => how)).toEqual(['ready', 'ready']);
  await expect(startDetached(request())).rejects.toMatchObject({
    code: 'USAGE',
    message: `pair is up already (process ${state.pid})`,
  });
  await stopDetached(folder, state, never);
  expect(processStart(state.pid)).toBeUndefined();
  expect(await ask(state)).toBeUndefined();
  expect(listDetached(folder)).toEqual([]);
  expect(() => findDetached(folder, 'pair')).toThrow('pair is not up');
  expect(markedProcesses().filter(({ mark }) => mark === state.owner)).toEqual([]);
});

test('it owns itself: the mark of the command that started it is not passed on', async () => {
  expect(currentOwner()).toMatch(new RegExp(`^${process.pid}:`));
  const state = await up();
  expect(state.owner).toMatch(new RegExp(`^${state.pid}:`));
  const mine = markedProcesses().filter(({ mark }) => mark === state.owner);
  expect(mine).toHaveLength(3); // the services, and the proxy of their links
  expect(markedProcesses().filter(({ pid }) => pid === state.pid)).toEqual([]);
});

test('its state follows its services', async () => {
  const state = await up();
  process.kill(Number(state.services[0]?.pid), 'SIGKILL');
  await until('the state says so', () => listDetached(folder)[0]?.services[0]?.state === 'exited');
});

test('logs: all, some, the last ones, and as they come until it is down', async () => {
  const state = await up();
  await ask(state, '/one');
  const stop = new AbortController();
  const followed = read({ follow: true, services: ['web'] });
  await ask(state, '/two');
  await stopDetached(folder, state, never);
  // The environment is down: following ends by itself.
  expect(await followed).toEqual(['web: hello from web', 'web: asked /one', 'web: asked /two']);
  expect((await read()).toSorted()).toEqual([
    'api: hello from api',
    'web: asked /one',
    'web: asked /two',
    'web: hello from web',
  ]);
  expect(await read({ last: 1, services: ['web'] })).toEqual(['web: asked /two']);
  expect(await read({ last: 0 })).toEqual([]);
  stop.abort();
  expect(await read({ follow: true, signal: stop.signal, services: ['api'] })).toEqual(['api: hello from api']);
});

test('what keeps it from starting is told to the command that wanted it', async () => {
  const file = join(folder, 'compose.yaml');
  const overrides = { api: { environment: { BROKEN: '1' } } };
  await expect(startDetached({ ...request(), overrides })).rejects.toMatchObject({
    code: 'SERVICE_NOT_READY',
    message: 'service api crashed while starting: exit code 4',
    hint: expect.stringContaining('I am broken'),
    position: { file, line: 4, col: 3 },
  });
  expect(listDetached(folder)).toEqual([]);
});

test('interrupted while it starts, nothing of it is left', async () => {
  const interrupt = new AbortController();
  const overrides = { api: { environment: { DEAF: '1' } } };
  const seen: string[] = [];
  const starting = startDetached({
    ...request(interrupt.signal),
    overrides,
    onEvent: (event) => seen.push(event.type),
  });
  starting.catch(() => {});
  await until('services start', () => seen.includes('service'));
  interrupt.abort(new Error('Ctrl-C'));
  await expect(starting).rejects.toThrow('Ctrl-C');
  expect(listDetached(folder)).toEqual([]);
  await until('no process is left', () => markedProcesses().every(({ command }) => !command.includes(folder)));
});

test('when its keeper is killed, it is down and no longer listed', async () => {
  const state = await up();
  process.kill(state.pid, 'SIGKILL');
  await until(
    'nothing of it is left',
    () => listDetached(folder).length === 0 && markedProcesses().every(({ mark }) => mark !== state.owner),
  );
  expect(await ask(state)).toBeUndefined();
});
