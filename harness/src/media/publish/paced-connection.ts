// Publishes over RTSP by way of a pacer, which sends each packet when its timestamp says.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { splitLines } from '../../base/lines.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { setProcessorShare } from '../ffmpeg/processor-share.ts';

export interface PacedConnection {
  /** Where FFmpeg publishes instead: the same address with another host and port. */
  url: string;
  /** Call when FFmpeg has ended. Resolves when all it sent has gone out and the pacer is gone. */
  finish(): Promise<void>;
}

const PACER = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './pacer.ts' : './pacer.js', import.meta.url));

/**
 * Connects to the server first: FFmpeg is not started for one that is not there. Resolves to why not (`connection refused by …`)
 * when it cannot. Rejects when `signal` ends it.
 */
export async function openPacedConnection(
  url: string,
  endpoint: { host: string; port: number },
  { signal, guard }: { signal: AbortSignal; guard?: ProcessGuard | undefined },
): Promise<PacedConnection | { problem: string }> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [PACER, endpoint.host, String(endpoint.port)], {
    detached: true, // Ctrl-C is for FFmpeg, whose goodbye it passes on
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  child.stdin.on('error', () => {}); // it has ended by itself
  const { pid } = child;
  if (pid !== undefined) {
    setProcessorShare(pid, 'high');
    void exited.then(guard?.adopt(pid));
  }
  const giveUp = () => void child.kill('SIGKILL');
  signal.addEventListener('abort', giveUp, { once: true });
  const said = new Promise<string>((resolve) => {
    const lines = splitLines(resolve);
    child.stdout.on('data', (chunk: Buffer) => lines.push(chunk));
  });
  const line = await Promise.race([said, exited]);
  signal.removeEventListener('abort', giveUp);
  signal.throwIfAborted();
  const { port, problem = 'the pacer did not start' } = (line ? JSON.parse(line) : {}) as {
    port?: number;
    problem?: string;
  };
  if (port === undefined) {
    await exited;
    return { problem };
  }
  return {
    url: url.replace(/^(rtsp:\/\/(?:[^/@]*@)?)[^/]*/, (_, before: string) => `${before}127.0.0.1:${port}`),
    async finish() {
      child.stdin.end();
      await exited;
    },
  };
}
