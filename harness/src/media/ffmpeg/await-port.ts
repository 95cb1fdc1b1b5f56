// Waits until somebody listens where a media address points, far more cheaply than starting FFmpeg again and again.

import { connect } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { type PollResult, poll } from '../../base/poll.ts';

const DEFAULT_PORTS: Record<string, number> = { 'rtsp:': 554, 'rtmp:': 1935, 'http:': 80 };

/** Host and port of an rtsp:// or rtmp:// address; undefined when it is none. */
export function endpointOf(url: string): { host: string; port: number } | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  const number = port === '' ? DEFAULT_PORTS[protocol] : Number(port);
  if (number === undefined || hostname === '') return undefined;
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: number };
}

/** Tries every ≤ 50 ms until a connection is accepted (and closes it at once). `last` of a failed wait says why: `refused`. */
export function awaitPort(
  endpoint: { host: string; port: number },
  options: { withinMs: number; clock: Clock; signal?: AbortSignal | undefined },
): Promise<PollResult<true>> {
  return poll<true>(
    async (signal) => {
      const problem = await tryConnect(endpoint, signal);
      return problem === undefined ? { done: true, value: true } : { done: false, last: problem };
    },
    { ...options, everyMs: 20, maxEveryMs: 50 },
  );
}

/** Undefined when the connection was accepted, else why not. */
function tryConnect({ host, port }: { host: string; port: number }, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(describeConnectError(error, `${host}:${port}`));
    });
  });
}

/** One line: `connection refused by 127.0.0.1:8554`. */
export function describeConnectError(error: NodeJS.ErrnoException, where: string): string {
  if (error.code === 'ECONNREFUSED') return `connection refused by ${where}`;
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return `no such host: ${where}`;
  return `${where}: ${error.code ?? error.message}`;
}
