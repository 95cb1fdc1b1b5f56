import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { connectClient } from './client.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

function run(env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], { env: { PATH: process.env.PATH ?? '', ...env } });
  children.push(child);
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    exited,
    lines: () =>
      output
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const healthy = (port: number) =>
  expect
    .poll(
      () =>
        fetch(`http://127.0.0.1:${port}/health`).then(
          ({ status }) => status,
          () => 0,
        ),
      { interval: 5, timeout: 5_000 },
    )
    .toBe(200);

describe('the program', () => {
  it('is ready in under 2 s on the allocated port, on 127.0.0.1 only', async () => {
    const port = await freePort();
    const startedAt = performance.now();
    const { lines } = run({ PORT_8080: String(port), ECHO_PORT: '1' });
    await healthy(port);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(lines()).toContainEqual(expect.objectContaining({ msg: 'listening', url: `http://127.0.0.1:${port}` }));
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('on %s disconnects its workers and exits with 0', async (signal) => {
    const port = await freePort();
    const { child, exited, lines } = run({ ECHO_PORT: String(port), ECHO_PROCESSING_DELAY_MS: '60000' });
    await healthy(port);
    const client = await connectClient(`http://127.0.0.1:${port}`);
    await client.init();
    client.send(0);
    await client.next('fragment:ack');
    child.kill(signal);
    expect(await client.closed()).toBe('io server disconnect');
    expect(await exited).toBe(0);
    expect(lines().at(-1)).toMatchObject({ msg: 'stopped', level: 'info' });
  });

  it('says in one line which variables are wrong, and exits with 1', async () => {
    const { exited, lines } = run({ ECHO_PORT: 'eighty' });
    expect(await exited).toBe(1);
    expect(lines()).toEqual([
      expect.objectContaining({
        level: 'fatal',
        msg: 'cannot start',
        problems: [expect.stringMatching(/^ECHO_PORT: /)],
      }),
    ]);
  });

  it('says that a port is taken, and exits with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const { exited, lines } = run({ ECHO_PORT: String(port) });
    expect(await exited).toBe(1);
    taken.close();
    expect(lines().at(-1)).toMatchObject({ level: 'fatal', msg: 'cannot listen', port });
  });
});
