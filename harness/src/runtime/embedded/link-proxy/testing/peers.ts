// Real TCP peers for tests of links: a server that says what came in, and clients whose ends can be awaited.

import { connect, createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '../../../../base/clock.ts';
import { poll } from '../../../../base/poll.ts';

export interface Peer {
  readonly socket: Socket;
  /** Everything that came in so far. */
  text(): string;
  bytes(): number;
  /** Resolves with how the connection ended for this peer: `end` for a FIN, or an error code. */
  readonly ended: Promise<string>;
  /** Resolves when the first bytes have come. */
  readonly first: Promise<void>;
}

export function watchPeer(socket: Socket): Peer {
  const chunks: Buffer[] = [];
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes < 1_000_000) chunks.push(chunk);
  });
  const ended = new Promise<string>((resolve) => {
    socket.once('end', () => resolve('end'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once('close', () => resolve('close'));
  });
  const first = new Promise<void>((resolve) => socket.once('data', () => resolve()));
  return { socket, ended, first, bytes: () => bytes, text: () => Buffer.concat(chunks).toString('utf8') };
}

export interface TestServer {
  readonly port: number;
  readonly peers: Peer[];
  /** The n-th connection, when it has come. */
  peer(index: number): Promise<Peer>;
  close(): Promise<void>;
}

/** `onPeer`: what it does with each connection; by default it only listens. */
export async function startServer(onPeer: (peer: Peer) => void = () => {}, allowHalfOpen = true): Promise<TestServer> {
  const peers: Peer[] = [];
  const server: Server = createServer({ allowHalfOpen, noDelay: true }, (socket) => {
    const peer = watchPeer(socket);
    peers.push(peer);
    onPeer(peer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    peers,
    peer: (index) => until(() => peers[index]),
    async close() {
      for (const { socket } of peers) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Connected, or rejected with the error code. */
export async function openClient(port: number, allowHalfOpen = true): Promise<Peer> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen, noDelay: true });
  const peer = watchPeer(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return peer;
}

/** Waits for a value, at most 3 s. */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 3_000,
): Promise<T> {
  const result = await poll<T>(
    async () => {
      const value = await look();
      return value === undefined || value === false ? { done: false } : { done: true, value };
    },
    { withinMs, clock: systemClock, everyMs: 5, maxEveryMs: 20 },
  );
  if (!result.ok) throw new Error(`not seen within ${withinMs} ms: ${look}`);
  return result.value;
}
