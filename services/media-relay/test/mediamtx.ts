// The real MediaMTX as a process of this machine, where it can be had: named by TESTCARD_MEDIAMTX, or out of its container image.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openUdpPortPair } from '../src/rtsp/udp-port-pair.ts';
import type { Urls } from './ffmpeg.ts';
import { until } from './until.ts';

const IMAGE = 'bluenviron/mediamtx:1.20.1';

export interface RunningMediamtx extends Urls {
  api(path: string): Promise<{ status: number; body: unknown }>;
  log(): string;
  close(): Promise<void>;
}

/** The program, in a folder that `remove` takes away; undefined when there is neither a program nor an engine with the image. */
export function findMediamtx(): { program: string; remove(): void } | undefined {
  const given = process.env.TESTCARD_MEDIAMTX;
  if (given) return { program: given, remove: () => {} };
  const docker = (...args: string[]) =>
    execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const folder = mkdtempSync(join(tmpdir(), 'mediamtx-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const container = docker('create', '--pull', 'never', IMAGE);
    try {
      docker('cp', `${container}:/mediamtx`, join(folder, 'mediamtx'));
    } finally {
      docker('rm', container);
    }
    return { program: join(folder, 'mediamtx'), remove };
  } catch {
    remove();
    return undefined;
  }
}

/** With the settings that the dubbing pipeline's Compose file gives it. */
export async function startMediamtx(program: string): Promise<RunningMediamtx> {
  const [api, rtsp, rtmp] = await freePorts(3);
  const udp = await openUdpPortPair('127.0.0.1', undefined);
  udp.close();
  const folder = mkdtempSync(join(tmpdir(), 'mediamtx-run-'));
  const config = join(folder, 'mediamtx.yml');
  writeFileSync(
    config,
    `api: yes
apiAddress: 127.0.0.1:${api}
rtspAddress: 127.0.0.1:${rtsp}
rtspTransports: [udp, tcp]
rtpAddress: 127.0.0.1:${udp.rtpPort}
rtcpAddress: 127.0.0.1:${udp.rtcpPort}
rtmpAddress: 127.0.0.1:${rtmp}
hls: no
webrtc: no
srt: no
moq: no
pathDefaults:
  overridePublisher: no
  useAbsoluteTimestamp: yes
paths:
  all_others:
`,
  );
  const child = spawn(program, [config], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const close = async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${api}${path}`);
    return { status: response.status, body: await response.json() };
  };
  try {
    await until('MediaMTX to answer', async () => {
      if (child.exitCode !== null) throw new Error(`MediaMTX ended: ${log}`);
      return ask('/v3/paths/list').then(
        () => true,
        () => false,
      );
    });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    rtspUrl: (path) => `rtsp://127.0.0.1:${rtsp}/${path}`,
    rtmpUrl: (path) => `rtmp://127.0.0.1:${rtmp}/${path}`,
    api: ask,
    log: () => log,
    close,
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
