import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { poll } from '../base/poll.ts';
import type { ManualFault } from '../runtime/detached/manual-fault.ts';
import type { DetachedState } from '../runtime/detached/state.ts';
import { createProject, type Project } from './testing/project.ts';

/** Uses its link to the counter all the time, each question on a connection of its own. */
const ASKER_SERVICE = `
import { get } from 'node:http';
setInterval(() => {
  get(process.env.COUNTER_URL + '/json', { agent: false }, (response) => response.resume()).on('error', () => {});
}, 50);
process.on('SIGTERM', () => process.exit(0));
`;

let project: Project;
beforeEach(async () => {
  project = createProject();
  project.write('asker.mjs', ASKER_SERVICE);
  const compose = readFileSync(join(project.folder, 'compose/tiny/compose.yaml'), 'utf8');
  project.write(
    'compose/tiny/compose.yaml',
    `${compose}  asker:
    environment: { COUNTER_URL: "http://counter:8000" }
    depends_on: { counter: { condition: service_healthy } }
    x-testcard: { embedded: { run: [node, asker.mjs] } }
`,
  );
  expect(await project.cli(['up', 'tiny', '--detach'])).toMatchObject({ exitCode: 0 });
});
afterEach(async () => {
  await project.cli(['down', '--all']);
  project.remove();
});

const fault = (...args: string[]) => project.cli(['fault', ...args]);
const state = () =>
  JSON.parse(readFileSync(join(project.folder, 'reports/up/tiny/state.json'), 'utf8')) as DetachedState;
const listed = async (...args: string[]) =>
  JSON.parse((await fault('list', '--json', ...args)).stdout) as ManualFault[];
const pidOf = () => state().services[0]?.pid ?? 0;
/** As the machine says it: T is stopped. */
const processState = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.charAt(0);

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const look = async () => ((await isTrue()) ? ({ done: true, value: true } as const) : ({ done: false } as const));
  const result = await poll(look, { withinMs: 10_000, clock: systemClock });
  if (!result.ok) throw new Error(`never: ${what}`);
}

describe('testcard fault', () => {
  it('says what was asked, how it was proven and when it will be reverted; and reverts it then', async () => {
    const { exitCode, stdout } = await fault('pause', 'counter', '--for', '4s');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^1 {2}pause counter {2}\(active\)$/m);
    expect(stdout).toMatch(/^ +proven +after \d+ms · the processes of group \d+: 1 of 1 are stopped$/m);
    expect(stdout).toMatch(/^ +until +\d\d:\d\d:\d\d\.\d{3} \([1-4]s left\), or: testcard fault revert 1$/m);
    expect(processState(pidOf())).toBe('T');
    await until('it is reverted', async () => (await listed()).length === 0);
    expect(processState(pidOf())).not.toBe('T');
    const [over] = await listed('--over');
    expect(over).toMatchObject({ id: '1', state: 'over', revertProof: { holds: true } });
    const heldMs = (over?.revertedAtMs ?? 0) - (over?.injectedAtMs ?? 0);
    expect(heldMs).toBeGreaterThanOrEqual(3_999);
    expect(heldMs).toBeLessThan(5_000); // with the proof, on a machine that does other things too
  });

  it('goes on in other commands: list, revert by number, all', async () => {
    await fault('pause', 'counter');
    expect((await fault('list')).stdout).toContain('pause counter  (active)');
    const reverted = await fault('revert', '1');
    expect(reverted).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/reverted .*held for .*0 of 1 are stopped/),
    });
    expect((await fault('list')).stdout).toBe('no faults are active');
    await fault('stop', 'counter');
    expect(await fault('revert', '--all')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('stop counter  (over)'),
    });
    expect(await fault('revert', '1')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('over already') });
    expect(await fault('revert')).toMatchObject({ exitCode: 2 });
  });

  it('kills with any signal; start brings the service back', async () => {
    const before = pidOf();
    const killed = JSON.parse((await fault('kill', 'counter', '--signal', 'SIGTERM', '--json')).stdout) as ManualFault;
    expect(killed).toMatchObject({ key: 'service.kill', state: 'over', proof: { holds: true } });
    expect(existsSync(`/proc/${before}`)).toBe(false);
    expect(await fault('start', 'counter')).toMatchObject({ exitCode: 0, stdout: 'counter is ready' });
    const restarted = await fault('restart', 'counter');
    expect(restarted.stdout).toContain('counter is ready');
  });

  it('is inconclusive where there is nothing to break, and refuses what cannot be meant', async () => {
    await fault('kill', 'counter');
    expect(await fault('pause', 'counter')).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('nothing to break'),
    });
    expect(await fault('pause', 'coutner')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('did you mean counter?'),
    });
    expect(await fault('puase', 'counter')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('pause') });
    expect(await fault('kill', 'counter', '--signal', 'SIGNOPE')).toMatchObject({ exitCode: 2 });
    expect(await fault('pause', 'counter', '--for', '10')).toMatchObject({ exitCode: 2 });
    expect(await fault('pause', 'counter', '-e', 'other')).toMatchObject({ exitCode: 2 });
  });

  it('ends with its environment: `down` reverts what is active', async () => {
    await fault('pause', 'counter');
    expect(await project.cli(['down'])).toMatchObject({ exitCode: 0 });
    const events = readFileSync(join(project.folder, 'reports/up/tiny/faults.ndjson'), 'utf8');
    expect(events).toMatch(/"state":"reverted"/);
  });

  it('whose keeper was killed is found and undone by the next command', async () => {
    await fault('pause', 'counter');
    const { pid } = state();
    const service = pidOf();
    const ledgers = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`testcard-faults-${pid}_`));
    expect(ledgers()).toHaveLength(1);
    process.kill(pid, 'SIGKILL');
    const { stderr } = await project.cli(['logs', 'nothing']);
    expect(stderr).toContain('fault of a killed run: pause counter: gone with its environment');
    expect(ledgers()).toEqual([]);
    // Gone, or a zombie that nobody has asked after yet.
    expect(existsSync(`/proc/${service}`) ? processState(service) : 'Z').toBe('Z');
  });
});

describe('links of an environment that is up', () => {
  it('can be cut and slowed down between any two services', async () => {
    const cut = await fault('cut', 'asker', 'counter', '--for', '1s');
    expect(cut).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/proven .*asker → counter:8000: refused/) });
    await until('it is whole again', async () => (await listed()).length === 0);
    expect(await listed('--over')).toMatchObject([{ key: 'network.cut', revertProof: { holds: true } }]);
    const slow = await fault('latency', 'asker', 'counter', '300ms', '--towards', 'counter');
    expect(slow).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('delay asker → counter by 300ms  (active)'),
    });
    expect(await fault('revert', '--all')).toMatchObject({ exitCode: 0 });
  });

  it('can be cut to whoever connects from outside', async () => {
    const outside = `http://127.0.0.1:${state().ports.counter?.[8000]}/json`;
    expect((await fetch(outside)).status).toBe(200);
    expect(await fault('cut', 'testcard', 'counter')).toMatchObject({ exitCode: 0 });
    await expect(fetch(outside)).rejects.toThrow();
    expect(await fault('revert', '--all')).toMatchObject({ exitCode: 0 });
    expect((await fetch(outside)).status).toBe(200);
  });

  it('that do not exist, or that nothing has used, are not broken but inconclusive', async () => {
    expect(await fault('cut', 'testcard', 'counter')).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('no bytes'),
    });
    expect(await fault('cut', 'testcard', 'asker')).toMatchObject({ exitCode: 3 });
    expect(await fault('cut', 'asker', 'conuter')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('did you mean counter?'),
    });
  });
});

describe('the API behind it', () => {
  const ask = (path: string, init: RequestInit = {}, token = state().control.token) =>
    fetch(`${state().control.url}${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });

  it('is for those who know the token, and takes no more than it must', async () => {
    expect((await ask('/faults')).status).toBe(200);
    expect((await ask('/faults', {}, 'guess')).status).toBe(401);
    expect((await fetch(`${state().control.url}/faults`)).status).toBe(401);
    expect((await ask('/nothing')).status).toBe(404);
    const answerTo = async (body: string) => (await ask('/faults', { method: 'POST', body })).json();
    expect(await answerTo('{')).toMatchObject({ error: { code: 'USAGE', message: 'the body is no JSON' } });
    expect(await answerTo('[]')).toMatchObject({ error: { code: 'USAGE' } });
    expect(await answerTo(`"${'x'.repeat(70_000)}"`)).toMatchObject({ error: { code: 'LIMIT_EXCEEDED' } });
    expect(new URL(state().control.url).hostname).toBe('127.0.0.1');
  });

  it('undoes what is asked by somebody who is gone before it is proven', async () => {
    // SIGTERM is ignored: the proof goes on looking until the caller gives up.
    project.write(
      'counter.mjs',
      `process.on('SIGTERM', () => {});\n${readFileSync(join(project.folder, 'counter.mjs'), 'utf8').replace("process.on('SIGTERM', () => process.exit(0));", '')}`,
    );
    await fault('restart', 'counter');
    const running = project.start(['fault', 'kill', 'counter', '--signal', 'SIGTERM']);
    await until('it is asked', async () => (await listed()).some(({ key }) => key === 'service.kill'));
    running.kill('SIGINT');
    expect((await running).exitCode).toBe(130);
    await until('it is given up', async () =>
      (await listed('--over')).some(({ key, state: how }) => key === 'service.kill' && how === 'unproven'),
    );
    await fault('kill', 'counter');
  });
});
