// Stands between FFmpeg and an RTSP server for one connection, on loopback, and lets each packet go when it is due.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describeConnectError } from '../ffmpeg/await-port.ts';
import { type RtspPart, rtspParts } from './rtsp-parts.ts';
import { TrackAlignment } from './track-alignment.ts';

export interface AlignedConnection {
  /** Where FFmpeg publishes instead: the same address with another host and port. */
  url: string;
  /** Call when FFmpeg has ended. Resolves when all it sent has gone out, or nobody took it for a second. */
  finish(): Promise<void>;
}

interface Waiting {
  bytes: Buffer;
  dueMs: number;
}

/** Once its publisher is gone, a server that does not take what is left gets no more. */
const FINISH_WITHIN_MS = 1_000;

/**
 * Connects to the server first: FFmpeg is not started for one that is not there. Resolves to why not (`connection refused by …`)
 * when it cannot. Rejects when `signal` ends it.
 */
export async function openAlignedConnection(
  url: string,
  endpoint: { host: string; port: number },
  signal: AbortSignal,
): Promise<AlignedConnection | { problem: string }> {
  signal.throwIfAborted();
  const server = connect({ ...endpoint, noDelay: true });
  const giveUp = () => server.destroy(new Error('given up'));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await once(server, 'connect');
  } catch (cause) {
    signal.throwIfAborted();
    return { problem: describeConnectError(cause as NodeJS.ErrnoException, `${endpoint.host}:${endpoint.port}`) };
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
  server.on('error', () => {}); // its `close` follows, and says it to FFmpeg
  const door = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(door, 'listening');
  const { port } = door.address() as AddressInfo;
  const closed = new Promise<void>((resolve) => server.once('close', () => resolve()));
  door.once('connection', (client) => {
    door.close();
    passOn(client, server);
  });
  return {
    url: url.replace(/^(rtsp:\/\/(?:[^/@]*@)?)[^/]*/, (_, before: string) => `${before}127.0.0.1:${port}`),
    async finish() {
      if (door.listening) {
        door.close(); // FFmpeg never came
        server.destroy();
      }
      const timer = setTimeout(() => server.destroy(), FINISH_WITHIN_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

function passOn(client: Socket, server: Socket): void {
  const alignment = new TrackAlignment();
  const read = rtspParts();
  const waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let hasEnded = false;
  const letGo = () => {
    timer = undefined;
    const nowMs = performance.now();
    let taken = 0;
    server.cork();
    while (taken < waiting.length && (waiting[taken] as Waiting).dueMs <= nowMs) {
      server.write((waiting[taken] as Waiting).bytes);
      taken += 1;
    }
    server.uncork();
    waiting.splice(0, taken);
    if (server.writableNeedDrain) client.pause();
    const [next] = waiting;
    if (next) timer = setTimeout(letGo, Math.max(1, next.dueMs - nowMs));
    else if (hasEnded) server.end();
  };
  const take = (part: RtspPart) =>
    insert(waiting, { bytes: part.bytes, dueMs: alignment.dueMs(part, performance.now()) });
  const end = () => {
    hasEnded = true;
    if (timer === undefined) letGo();
  };
  client.on('data', (chunk) => {
    try {
      for (const part of read(chunk)) take(part);
    } catch (error) {
      client.destroy(error as Error);
      return;
    }
    clearTimeout(timer);
    letGo();
  });
  client.once('end', end);
  client.on('error', () => {}); // FFmpeg was killed: what it sent before still goes out
  client.once('close', end);
  server.on('drain', () => client.resume());
  server.pipe(client);
  server.once('close', (failed) => {
    clearTimeout(timer);
    // FFmpeg is to see the same end as if it had the connection itself.
    if (failed) client.resetAndDestroy();
    else client.destroy();
  });
  client.resume();
}

/** Behind all that is due no later. Nearly always that is the last place, or one picture before it. */
function insert(waiting: Waiting[], one: Waiting): void {
  let place = waiting.length;
  while (place > 0 && (waiting[place - 1] as Waiting).dueMs > one.dueMs) place -= 1;
  waiting.splice(place, 0, one);
}
