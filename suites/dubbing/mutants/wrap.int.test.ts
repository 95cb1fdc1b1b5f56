import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { afterEach, describe, expect, test } from 'vitest';
import { TRIALS } from './list/index.ts';
import type { StsTap } from './mutant.ts';
import { overrideFile, runTrial } from './run-trial.ts';
import { freePort } from './wrappers/free-port.ts';
import { listen } from './wrappers/http-proxy.ts';
import { startStsMiddleman } from './wrappers/sts-middleman.ts';
import { ROOT } from './wrappers/true-service.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

function once<T>(emitter: { once(event: string, hear: (value: T) => void): unknown }, event: string): Promise<T> {
  return new Promise((resolve) => void emitter.once(event, resolve));
}

describe('the man in the middle', () => {
  async function connect(
    tap: () => StsTap,
  ): Promise<{ worker: Socket; sts: Promise<import('socket.io').Socket>; server: Server }> {
    const far: HttpServer = createServer();
    const server = new Server(far, { path: '/ws/sts', transports: ['websocket'] });
    const farPort = await listen(far, 0);
    const near = createServer();
    startStsMiddleman(near, `http://127.0.0.1:${farPort}`, tap);
    const nearPort = await listen(near, 0);
    const sts = once<import('socket.io').Socket>(server, 'connection');
    const worker = io(`http://127.0.0.1:${nearPort}`, {
      path: '/ws/sts',
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      extraHeaders: { 'X-Stream-ID': 's1' },
    });
    undo.push(
      () => void worker.disconnect(),
      () => server.close(),
      () => void near.closeAllConnections(),
      () => void near.close(),
    );
    return { worker, sts, server };
  }

  test('carries events both ways, and the headers that name a worker', async () => {
    const { worker, sts } = await connect(() => ({}));
    const far = await sts;
    expect(far.handshake.headers['x-stream-id']).toBe('s1');
    const heard = once(far, 'stream:init');
    worker.emit('stream:init', { stream_id: 's1' });
    expect(await heard).toEqual({ stream_id: 's1' });
    const answered = once(worker, 'stream:ready');
    far.emit('stream:ready', { max_inflight: 3 });
    expect(await answered).toEqual({ max_inflight: 3 });
  });

  test('lets a defect change what passes', async () => {
    const { worker, sts } = await connect(() => ({
      fromWorker: (event, payload, wire) => wire.toServer(event, { ...payload, sequence_number: 7 }),
    }));
    const heard = once(await sts, 'fragment:data');
    worker.emit('fragment:data', { sequence_number: 0 });
    expect(await heard).toEqual({ sequence_number: 7 });
  });

  test('loses the worker when the STS is lost, and the STS when the worker goes', async () => {
    const first = await connect(() => ({}));
    const lost = once(first.worker, 'disconnect');
    (await first.sts).disconnect(true);
    expect(await lost).toBe('io server disconnect');
    const second = await connect(() => ({}));
    const gone = once(await second.sts, 'disconnect');
    second.worker.disconnect();
    await gone;
  });
});

/** Not one that only waits to be counted by its new parent. */
function isAlive(pid: string | undefined): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a wrapped service', () => {
  async function start(
    mutant: string,
  ): Promise<{ child: ChildProcess; url: string; lines: string[]; ready: Promise<void> }> {
    const port = await freePort();
    const child = spawn(process.execPath, ['suites/dubbing/mutants/wrap.ts', '--mutant', mutant], {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        PORT_8000: String(port),
        RTSP_URL: 'rtsp://127.0.0.1:1/live/in',
        RTMP_URL: 'rtmp://127.0.0.1:1/live/out',
        STS_URL: 'http://127.0.0.1:1',
        SOURCE_RETRY_LIMIT: 'unlimited',
      },
    });
    undo.push(() => endGroup(child, 'SIGKILL').catch(() => {})); // there may be nothing left of it
    const lines: string[] = [];
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        lines.push(line);
        if (line.includes('"listening"')) resolve();
      });
    });
    return { child, url: `http://127.0.0.1:${port}`, lines, ready };
  }

  async function endGroup(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
    const closed = once<number | null>(child, 'close');
    process.kill(-(child.pid as number), signal); // also when only the true service is left of the group
    return child.exitCode === null && child.signalCode === null ? closed : child.exitCode;
  }

  test('answers at its own port, as it is, and ends with its own code when its group is told to', async () => {
    const { child, url, ready } = await start('true-metrics-contract');
    await ready;
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok' });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('# TYPE worker_reconnection_total counter');
    expect(await endGroup(child, 'SIGTERM')).toBe(0);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  test('has its one defect, and no other', async () => {
    const { url, ready } = await start('type-missing');
    await ready;
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).not.toContain('# TYPE worker_reconnection_total');
    expect(text).toContain('# HELP worker_reconnection_total');
    expect(text).toContain('# TYPE worker_sts_breaker_state gauge');
  });

  test.runIf(process.platform === 'linux')('is gone when its wrapper is killed alone', async () => {
    const { child, ready } = await start('type-missing');
    await ready;
    const [service] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
    expect(isAlive(service)).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(() => isAlive(service), { timeout: 5000, interval: 20 }).toBe(false);
  });
});

test('a cheap mutant is killed by its own check, through testcard itself', async () => {
  const trial = TRIALS.find(({ name }) => name === 'not-exposition-format');
  if (!trial) throw new Error('there is no such mutant');
  expect(JSON.parse(overrideFile(trial)).services['media-service']['x-testcard'].embedded.run).toEqual([
    'node',
    'suites/dubbing/mutants/wrap.ts',
    '--mutant',
    'not-exposition-format',
  ]);
  const outcome = await runTrial(trial, { signal: AbortSignal.timeout(50_000), keep: false, runtime: 'embedded' });
  expect(outcome).toMatchObject({ verdict: 'killed' });
  expect(outcome.broken[0]).toMatch(/valid Prometheus text — .*worker_uptime/);
});
