// For tests: a media relay of its own on free ports.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const MAIN = new URL('../../../../services/media-relay/src/main.ts', import.meta.url).pathname;

export interface TestRelay {
  rtsp: string;
  rtmp: string;
  /** Its control API. */
  api: string;
  pid: number;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** `env` overrides the relay's settings; ports not given are free ones. Addresses end without a slash. */
export async function startRelay(env: Record<string, string> = {}): Promise<TestRelay> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, RTSP_PORT: '0', RTMP_PORT: '0', API_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  const listening = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const { msg, rtspPort, rtmpPort, apiPort } = JSON.parse(line) as Record<string, string | number>;
      if (msg === 'listening') return { rtspPort, rtmpPort, apiPort };
    }
    throw new Error('the relay ended before it listened');
  })();
  const { rtspPort, rtmpPort, apiPort } = await listening;
  child.stdout.resume();
  return {
    rtsp: `rtsp://127.0.0.1:${rtspPort}`,
    rtmp: `rtmp://127.0.0.1:${rtmpPort}`,
    api: `http://127.0.0.1:${apiPort}`,
    pid: child.pid ?? 0,
    async kill(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}
