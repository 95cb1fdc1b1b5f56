// The relay as a process: ports out of its environment, JSON logs, and an orderly end within a second.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { RtmpClient } from './rtmp-client.ts';
import { publishVideo } from './rtsp-client.ts';
import { until } from './until.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

function startProcess(env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], { env: { PATH: process.env.PATH, ...env }, stdio: 'pipe' });
  stops.push(() => child.kill('SIGKILL'));
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const exit = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const lines = () =>
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { child, exit, lines };
}

test('takes each Compose port’s replacement, ends its readers in order on SIGTERM, and exits 0 within a second', async () => {
  const [rtsp, rtmp, api] = [await freePort(), await freePort(), await freePort()];
  const env = { PORT_8554: String(rtsp), PORT_1935: String(rtmp), PORT_9997: String(api) };
  const { child, exit, lines } = startProcess(env);
  await until('the relay to listen', () => lines().some(({ msg }) => msg === 'listening'));
  const { client: publisher, frame } = await publishVideo(rtsp, 'live/stop');
  const reader = await RtmpClient.open(rtmp);
  await reader.start('play', 'live', 'stop');
  frame(0, { keyframe: true });
  await until('the frame', () => reader.messages.some(({ type }) => type === 9));
  expect((await fetch(`http://127.0.0.1:${api}/v3/paths/get/live/stop`)).status).toBe(200);
  const askedAt = performance.now();
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
  expect(performance.now() - askedAt).toBeLessThan(1_000);
  await until('the reader to hear of it', () => reader.statuses.includes('NetStream.Play.UnpublishNotify'));
  expect(lines().every(({ service, level }) => service === 'media-relay' && typeof level === 'number')).toBe(true);
  publisher.close();
  reader.close();
});

test('a port that is taken ends it with one line that says so, and exit code 1', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const address = holder.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { exit, lines } = startProcess({ RTSP_PORT: String(port), RTMP_PORT: '0', API_PORT: '0' });
  expect(await exit).toBe(1);
  expect(lines().at(-1)).toMatchObject({ msg: 'cannot listen', reason: expect.stringContaining(String(port)) });
  await new Promise((resolve) => holder.close(resolve));
});

test('a setting that cannot be ends it with one line that names it, and exit code 2', async () => {
  const { exit, lines } = startProcess({ RTSP_PORT: 'eight' });
  expect(await exit).toBe(2);
  expect(lines().length).toBe(1);
  expect(String(lines()[0]?.msg)).toContain('RTSP_PORT');
});
