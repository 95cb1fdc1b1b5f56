import { execFile } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { claimPorts, isPortTaken, type PortClaims } from './claim-ports.ts';

const claims: PortClaims[] = [];
afterEach(async () => {
  for (const claim of claims.splice(0)) {
    await claim.letGo();
    claim.release();
  }
});

async function claim(count: number): Promise<PortClaims> {
  const made = await claimPorts(count);
  claims.push(made);
  return made;
}

test('ports are outside the ranges that systems give out by themselves, each once', async () => {
  const { ports } = await claim(50);
  expect(new Set(ports).size).toBe(50);
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(20_000);
  expect(Math.max(...ports)).toBeLessThan(32_768);
});

test('until they are let go, nobody else can listen there, and who connects is turned away', async () => {
  const { ports, letGo } = await claim(1);
  const port = Number(ports[0]);
  expect(await isPortTaken(port)).toBe(true);
  const closed = new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.once('close', () => resolve('closed'));
  });
  expect(await closed).toBe('closed');
  await letGo();
  expect(await isPortTaken(port)).toBe(false);
});

test('a port in use by another program is passed over', async () => {
  const first = await claim(1);
  const port = Number(first.ports[0]);
  await first.letGo();
  first.release();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  // From the same place in the range as before.
  const random = Math.random;
  Math.random = () => (port - 20_000) / 12_768;
  try {
    expect((await claim(1)).ports[0]).not.toBe(port);
  } finally {
    Math.random = random;
    await new Promise((resolve) => server.close(resolve));
  }
});

test('what one run has claimed, no other gets, even while nothing listens', async () => {
  const program = `
    import { claimPorts } from '${fileURLToPath(new URL('./claim-ports.ts', import.meta.url))}';
    Math.random = () => 0.5;
    const claims = await claimPorts(20);
    await claims.letGo();
    console.log(claims.ports.join());
    process.stdin.resume().once('data', () => { claims.release(); process.exit(); });`;
  const runs = [1, 2, 3].map(() => {
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    const told = new Promise<number[]>((resolve) => {
      run.child.stdout?.once('data', (text: string) => resolve(text.trim().split(',').map(Number)));
    });
    return { run, told };
  });
  const ports = (await Promise.all(runs.map(({ told }) => told))).flat();
  for (const { run } of runs) run.child.stdin?.end('done\n');
  await Promise.all(runs.map(({ run }) => run));
  expect(ports).toHaveLength(60);
  expect(new Set(ports).size).toBe(60);
});
