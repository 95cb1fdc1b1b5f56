import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { poll } from '../../base/poll.ts';
import { openGuard } from './guard.ts';
import { markedProcesses } from './marked-processes.ts';
import { markFromName, markToName, type OwnerMark } from './owner.ts';
import { processStart } from './process-identity.ts';
import { describeSwept, sweep } from './sweep.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
let folder: string;
const started: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ownership-test-'));
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const PROLOGUE = `
import { fork, spawn } from 'node:child_process';
import { openGuard, processGuard } from '${here}guard.ts';
import { ownFromHere, currentOwner } from '${here}owner.ts';
import { dieWithParent } from '${here}die-with-parent.ts';
import { createTempFolder } from '${here}temp-folder.ts';
const say = (what) => console.log(JSON.stringify(what));
const group = (env = process.env) => spawn('sleep', ['600'], { detached: true, stdio: 'ignore', env }).pid;
setInterval(() => {}, 1000);
`;

interface Program {
  child: ChildProcess;
  pid: number;
  said: Record<string, unknown>[];
  /** Waits for a line with this key. */
  hear(key: string): Promise<Record<string, unknown>>;
}

/** A program that stands for the harness. It owns itself: this test's own mark, when there is one, is not passed on. */
function run(text: string): Program {
  const name = `owner-${started.length}.mjs`;
  const file = join(folder, name);
  writeFileSync(file, `${PROLOGUE}${text}`);
  const { TESTCARD_OWNER: _, ...env } = process.env;
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'], env });
  started.push(child);
  const said: Record<string, unknown>[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    said.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>));
  });
  const hear = async (key: string) => {
    await within(20_000, `${name} says ${key}`, () => said.some((line) => key in line));
    return said.find((line) => key in line) ?? {};
  };
  return { child, pid: Number(child.pid), said, hear };
}

async function within(withinMs: number, what: string, isTrue: () => boolean): Promise<void> {
  const attempt = () => (isTrue() ? ({ done: true, value: true } as const) : ({ done: false } as const));
  const result = await poll(attempt, { withinMs, clock: systemClock, everyMs: 5, maxEveryMs: 20 });
  if (!result.ok) throw new Error(`not within ${withinMs} ms: ${what}`);
}

const isAlive = (pid: unknown) => processStart(Number(pid)) !== undefined;
const ownedBy = (pid: number) => markedProcesses().filter(({ mark }) => mark.startsWith(`${pid}:`));
const tempOf = (pid: number) => readdirSync(tmpdir()).filter((name) => name.startsWith(`testcard-${pid}_`));
const portsOf = (pid: number) => {
  const claims = join(tmpdir(), `testcard-ports-${process.getuid?.()}`);
  if (!existsSync(claims)) return [];
  return readdirSync(claims).filter((name) => readFileSync(join(claims, name), 'utf8').startsWith(`${pid}:`));
};

/** The warden of a process: a shell in a session of its own, started by it. */
function wardenOf(pid: number): number | undefined {
  return readdirSync('/proc')
    .map(Number)
    .filter((candidate) => candidate > 0)
    .find((candidate) => {
      try {
        const stat = readFileSync(`/proc/${candidate}/stat`, 'latin1');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return parent === pid && readFileSync(`/proc/${candidate}/cmdline`, 'utf8').includes('testcard-warden');
      } catch {
        return false;
      }
    });
}

describe('when the harness is killed', () => {
  test('its process groups die and its temporary folders go, within a second', async () => {
    const owner = run(`
      ownFromHere();
      const kept = group(), released = group({});
      processGuard().adopt(kept);
      processGuard().adopt(released)();
      say({ kept, released, folder: createTempFolder('a b').path });
    `);
    const { kept, released, folder: temp } = await owner.hear('kept');
    expect(isAlive(kept)).toBe(true);
    owner.child.kill('SIGKILL');
    await within(1_000, 'the group is dead and the folder gone', () => !isAlive(kept) && !existsSync(String(temp)));
    // What was released, and carries no mark, is somebody else's by now.
    expect(isAlive(released)).toBe(true);
    process.kill(Number(released), 'SIGKILL');
  });

  test('what was started but not yet adopted dies too', async () => {
    const owner = run('ownFromHere(); processGuard(); say({ orphan: group() });');
    const { orphan } = await owner.hear('orphan');
    owner.child.kill('SIGKILL');
    await within(1_000, 'the group is dead', () => !isAlive(orphan));
  });

  test('its workers die and all that they had started, even one that is too busy to notice', async () => {
    writeFileSync(
      join(folder, 'worker.mjs'),
      `${PROLOGUE}
      dieWithParent();
      const kept = group({});
      processGuard().adopt(kept);
      process.send({ worker: process.pid, kept, owner: currentOwner() });
      if (process.argv[2] === 'busy') setTimeout(() => { for (;;); }, 20);`,
    );
    const owner = run(`
      const mark = ownFromHere();
      processGuard();
      for (const how of ['idle', 'busy']) fork('${folder}/worker.mjs', [how]).on('message', (told) => say({ [how]: told, mark }));
    `);
    const idle = (await owner.hear('idle')).idle as Record<string, unknown>;
    const { busy, mark } = (await owner.hear('busy')) as { busy: Record<string, unknown>; mark: string };
    expect([idle.owner, busy.owner]).toEqual([mark, mark]);
    owner.child.kill('SIGKILL');
    const all = [idle.worker, idle.kept, busy.worker, busy.kept];
    await within(1_000, 'all are dead', () => !all.some(isAlive));
  });

  test('a worker notices by itself when the warden is dead too', async () => {
    writeFileSync(
      join(folder, 'worker.mjs'),
      `${PROLOGUE} dieWithParent(); const kept = group({}); processGuard().adopt(kept); process.send({ worker: process.pid, kept });`,
    );
    const owner = run(`ownFromHere(); fork('${folder}/worker.mjs').on('message', say);`);
    const { worker, kept } = await owner.hear('worker');
    owner.child.kill('SIGKILL');
    await within(1_000, 'all are dead', () => !isAlive(worker) && !isAlive(kept));
  });

  test('when it ends in order, what it forgot goes as well', async () => {
    const owner = run(
      'ownFromHere(); const kept = group(); processGuard().adopt(kept); say({ kept }); process.exit(0);',
    );
    const { kept } = await owner.hear('kept');
    await within(1_000, 'the group is dead', () => !isAlive(kept));
  });

  test('a killed warden is replaced, and the new one knows everything', async () => {
    const owner = run(
      'ownFromHere(); const kept = group({}); processGuard().adopt(kept); say({ kept, folder: createTempFolder("a").path });',
    );
    const { kept, folder: temp } = await owner.hear('kept');
    const first = Number(wardenOf(owner.pid));
    process.kill(first, 'SIGKILL');
    await within(2_000, 'there is another warden', () => ![undefined, first].includes(wardenOf(owner.pid)));
    owner.child.kill('SIGKILL');
    await within(1_000, 'all is gone', () => !isAlive(kept) && !existsSync(String(temp)));
  });
});

describe('sweeping', () => {
  /** Kills an owner and its warden with it, so that only a sweep can find what is left. */
  async function killWithWarden(owner: Program): Promise<void> {
    // Stopped first: it must not start another warden in between.
    owner.child.kill('SIGSTOP');
    process.kill(Number(wardenOf(owner.pid)), 'SIGKILL');
    owner.child.kill('SIGKILL');
    await within(2_000, 'the owner is dead', () => !isAlive(owner.pid));
  }

  test('ends and removes what a dead owner left, and nothing else', async () => {
    const living = run('ownFromHere(); processGuard(); say({ kept: group(), folder: createTempFolder("a").path });');
    const dead = run(`
      const mark = ownFromHere();
      processGuard();
      const shared = spawn('sh', ['-c', 'sleep 601 & env -u TESTCARD_OWNER sleep 602 & wait'], { stdio: 'ignore' }).pid;
      const unmarked = group({});
      say({ kept: group(), unmarked, shared, folder: createTempFolder("a").path, mark });
    `);
    const left = await dead.hear('kept');
    const others = await living.hear('kept');
    await killWithWarden(dead);
    expect(isAlive(left.kept)).toBe(true);
    const swept = await sweep();
    expect(isAlive(left.kept)).toBe(false);
    expect(existsSync(String(left.folder))).toBe(false);
    expect(swept.processes.map(({ pid }) => pid)).toEqual(expect.arrayContaining([left.kept, left.shared]));
    expect(swept.temporary).toHaveLength(1);
    expect(describeSwept(swept)).toMatch(/^swept \d processes and 1 temporary folder of a killed run$/);
    // Without a mark, or of an owner that lives: untouched.
    expect([isAlive(left.unmarked), isAlive(others.kept), existsSync(String(others.folder))]).toEqual([
      true,
      true,
      true,
    ]);
    expect(describeSwept(await sweep())).toBeUndefined();
    process.kill(Number(left.unmarked), 'SIGKILL');
    for (const { pid } of unmarkedSleepers()) process.kill(pid, 'SIGKILL');
  });

  /** The `sleep 602` of the test above, which took its mark off. */
  function unmarkedSleepers(): { pid: number }[] {
    return readdirSync('/proc').flatMap((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8') === 'sleep\x00602\x00' ? [{ pid: Number(name) }] : [];
      } catch {
        return [];
      }
    });
  }

  test('where there is no /proc, ledgers tell what was started', async () => {
    const dead = run(
      'ownFromHere(); const guard = openGuard({ ledger: true }); const kept = group({}); guard.adopt(kept); say({ kept });',
    );
    const { kept } = await dead.hear('kept');
    await killWithWarden(dead);
    const swept = await sweep({ via: 'ledger' });
    expect(swept.processes.map(({ pid }) => pid)).toContain(kept);
    expect(isAlive(kept)).toBe(false);
    expect(tempOf(dead.pid)).toEqual([]);
  });

  test('a mark whose process id is used again by another process is a dead owner', async () => {
    const living = run(`
      const mark = ownFromHere();
      processGuard();
      const [pid, start, namespace] = mark.split(':');
      const of = (owner) => group({ TESTCARD_OWNER: owner });
      say({ reused: of([pid, Number(start) - 1, namespace].join(':')), foreign: of([pid, Number(start) - 1, '1'].join(':')), nonsense: of('x'), own: of(mark) });
    `);
    const { reused, foreign, nonsense, own } = await living.hear('reused');
    await sweep();
    // Of another namespace (a container's): its process ids mean nothing here.
    expect([reused, foreign, nonsense, own].map(isAlive)).toEqual([false, true, true, true]);
    for (const pid of [foreign, nonsense]) process.kill(Number(pid), 'SIGKILL');
  });

  test('costs under 30 ms when nothing is there', async () => {
    const costsMs: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const startedAt = performance.now();
      await sweep();
      costsMs.push(performance.now() - startedAt);
    }
    expect(Math.min(...costsMs)).toBeLessThan(30);
  });
});

describe('an environment killed at any moment', () => {
  const SERVICE = `
    import { createServer } from 'node:http';
    for (const [name, port] of Object.entries(process.env)) {
      if (name.startsWith('PORT_')) createServer((_, response) => response.end()).listen(Number(port), '127.0.0.1');
    }`;
  const OWNER = (root: string) => `
    import { createEmbeddedRuntime } from '${here}../embedded/embedded-runtime.ts';
    import { join as joined } from 'node:path';
    ownFromHere();
    const service = (name, dependsOn) => ({ name, run: ['node', 'service.mjs'], environment: {}, ports: [80, 81], dependsOn, restart: { policy: 'always' }, logs: 'text', stopGraceMs: 1000 });
    const spec = { file: '${root}/compose.yaml', name: 'x', services: [service('a', []), service('b', []), service('c', [{ service: 'a', condition: 'service_healthy' }])] };
    for (;;) {
      createTempFolder('evidence');
      const environment = await createEmbeddedRuntime({ rootFolder: '${root}' }).start(spec, { overrides: {}, logFolder: '${root}/logs', onLog() {}, onEvent() {}, signal: new AbortController().signal });
      say({ ready: true });
      await environment.stop(AbortSignal.timeout(5000));
    }`;
  const leftOf = (pid: number): unknown[] => [...ownedBy(pid), ...tempOf(pid), ...portsOf(pid)];

  test('nothing is left, not even for the next command to sweep', async () => {
    writeFileSync(join(folder, 'service.mjs'), SERVICE);
    const moments: { ms: number; processes: number }[] = [];
    for (let round = 0; round < 20; round += 1) {
      const owner = run(OWNER(folder));
      // Every other time from when it is known to work, so that a slow machine cannot make all moments too early.
      if (round % 2 === 1) await owner.hear('ready');
      const ms = Math.random() * 800;
      await systemClock.delay(ms); // the moment itself is what is tried here
      moments.push({ ms: Math.round(ms), processes: ownedBy(owner.pid).length });
      owner.child.kill('SIGKILL');
      await within(3_000, 'nothing is left', () => leftOf(owner.pid).length === 0).catch((error) => {
        throw new Error(`${error.message}: ${JSON.stringify(leftOf(owner.pid))}`);
      });
    }
    expect(started.flatMap(({ pid }) => leftOf(Number(pid)))).toEqual([]);
    // The moments hit running services, or this shows nothing.
    expect(moments.filter(({ processes }) => processes > 0).length).toBeGreaterThan(4);
  });
});

test('only process groups can be guarded: not this one, not all, not the first process', () => {
  const guard = openGuard();
  for (const pid of [0, 1, -1, 1.5, Number.NaN]) expect(() => guard.adopt(pid)).toThrow(RangeError);
  guard.close();
});

test('marks survive the way through a file name', () => {
  const mark: OwnerMark = '12:345:678';
  expect(markToName(mark)).toBe('12_345_678');
  expect(markFromName(markToName(mark))).toBe(mark);
});
