import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../base/clock.ts';
import { processGuard } from '../../ownership/guard.ts';
import { type LinkProxy, startLinkProxy } from './start-link-proxy.ts';
import { openClient, type Peer, startServer, type TestServer, until } from './testing/peers.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startProxy(): Promise<LinkProxy> {
  const proxy = await startLinkProxy({
    guard: processGuard(),
    clock: systemClock,
    signal: new AbortController().signal,
  });
  cleanups.push(() => proxy.stop());
  return proxy;
}

async function serve(onPeer?: (peer: Peer) => void): Promise<TestServer> {
  const server = await startServer(onPeer);
  cleanups.push(() => server.close());
  return server;
}

async function client(port: number): Promise<Peer> {
  const peer = await openClient(port);
  cleanups.push(() => void peer.socket.destroy());
  return peer;
}

test('bytes pass in both directions, and each half closes by itself', async () => {
  const server = await serve();
  const proxy = await startProxy();
  const { port } = await proxy.addProxy({ name: 'a to b', upstreamHost: '127.0.0.1', upstreamPort: server.port });
  const near = await client(port);
  near.socket.end('question');
  const far = await server.peer(0);
  expect(await far.ended).toBe('end');
  expect(far.text()).toBe('question');
  far.socket.end('answer');
  expect(await near.ended).toBe('end');
  expect(near.text()).toBe('answer');
});

test('a reset by one end is a reset for the other', async () => {
  const server = await serve();
  const proxy = await startProxy();
  const { port } = await proxy.addProxy({ name: 'link', upstreamHost: '127.0.0.1', upstreamPort: server.port });
  const near = await client(port);
  near.socket.write('x');
  const far = await server.peer(0);
  await until(() => far.bytes() === 1);
  far.socket.resetAndDestroy();
  expect(await near.ended).toBe('ECONNRESET');
});
