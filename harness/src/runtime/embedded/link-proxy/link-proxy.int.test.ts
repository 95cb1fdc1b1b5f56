import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
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

async function linkTo(server: TestServer): Promise<{ port: number; proxy: LinkProxy; call: Call; metric: Metric }> {
  const proxy = await startProxy();
  const { port } = await proxy.addProxy({ name: 'link', upstreamHost: '127.0.0.1', upstreamPort: server.port });
  const call: Call = async (method, path, body) => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await fetch(`${proxy.api}/proxies/link${path}`, init);
    if (!response.ok) throw new Error(await response.text());
  };
  const metric: Metric = async (name, direction) => {
    const text = await (await fetch(`${proxy.api}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${name}{`) && each.includes(direction));
    return Number(line?.split(' ').at(-1));
  };
  return { port, proxy, call, metric };
}
type Call = (method: string, path: string, body?: unknown) => Promise<void>;
type Metric = (name: string, direction: string) => Promise<number>;
const toxic = (type: string, attributes: Record<string, number>, more = {}) => ({
  ...{ name: 'toxic', type, stream: 'upstream', attributes },
  ...more,
});

test('a server that is not there is a reset, and bytes sent before that go nowhere', async () => {
  const server = await startServer();
  await server.close();
  const { port } = await linkTo(server);
  const near = await client(port);
  near.socket.write('x');
  expect(await near.ended).toBe('ECONNRESET');
});

test('a disabled link refuses and resets, and is as before when it is enabled again', async () => {
  const server = await serve();
  const { port, call } = await linkTo(server);
  const near = await client(port);
  const far = await server.peer(0);
  await call('POST', '', { enabled: false });
  expect(await near.ended).toBe('ECONNRESET');
  expect(await far.ended).toBe('ECONNRESET');
  await expect(openClient(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await call('POST', '', { enabled: true });
  (await client(port)).socket.write('again');
  await until(() => server.peers[1]?.text() === 'again');
});

test.each([
  ['plain', undefined, 4],
  ['a wait of a minute', toxic('latency', { latency: 60_000 }), 32],
  ['a rate of 8 kbit/s', toxic('bandwidth', { rate: 1 }), 4],
])('%s: a sender that is faster than the link is slowed down; what is held is bounded', async (_, body, mostMb) => {
  // A receiver that does not read, where nothing else holds the bytes.
  const server = await serve(({ socket }) => void (body ?? socket.pause()));
  const { port, call, metric } = await linkTo(server);
  if (body) await call('POST', '/toxics', body);
  const near = await client(port);
  const block = Buffer.alloc(1024 * 1024);
  for (let mb = 0; mb < 64; mb += 1) near.socket.write(block);
  // Received bytes stop rising long before all were sent.
  let before = -1;
  await until(async () => {
    const now = await metric('toxiproxy_proxy_received_bytes_total', 'upstream"');
    const isStill = now > 0 && now === before;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 150)); // the stretch that must be still
    return isStill;
  }, 8_000);
  const sent = await metric('toxiproxy_proxy_sent_bytes_total', 'upstream"');
  expect(before - sent).toBeLessThan(mostMb * 1024 * 1024 * 0.75);
  expect(near.socket.writableLength).toBeGreaterThan(16 * 1024 * 1024);
});

test('a held-back link gives everything, in order, once the toxic is gone', async () => {
  const server = await serve();
  const { port, call } = await linkTo(server);
  await call('POST', '/toxics', toxic('latency', { latency: 60_000 }));
  await call('POST', '/toxics', toxic('bandwidth', { rate: 1 }, { name: 'second' }));
  const near = await client(port);
  const text = Array.from({ length: 20_000 }, (_, index) => `${index};`).join('');
  near.socket.end(text);
  const far = await server.peer(0);
  await call('DELETE', '/toxics/toxic');
  await call('DELETE', '/toxics/second');
  expect(await far.ended).toBe('end');
  expect(far.text()).toBe(text);
});

test('a toxic works on the share of connections that its toxicity says', async () => {
  const server = await serve(({ socket }) => void socket.write('hello'));
  const { port, call } = await linkTo(server);
  await call('POST', '/toxics', toxic('reset_peer', { timeout: 0 }, { toxicity: 0.5 }));
  let reset = 0;
  let greeted = 0;
  const countReset = () => {
    reset += 1;
  };
  const countGreeted = () => {
    greeted += 1;
  };
  // Some see the reset before they know that they are connected.
  for (let index = 0; index < 60; index += 1) {
    void client(port).then(
      ({ first, ended }) =>
        void Promise.race([first.then(() => countGreeted), ended.then(() => countReset)]).then((count) => count()),
      countReset,
    );
  }
  await until(() => reset + greeted === 60);
  expect(reset).toBeGreaterThan(8); // one in 10^8 runs
  expect(reset).toBeLessThan(52);
});

test('a limit that is lifted from nothing to something lets what waited go on', async () => {
  const server = await serve();
  const { port, call } = await linkTo(server);
  await call('POST', '/toxics', toxic('bandwidth', { rate: 0 }));
  const near = await client(port);
  near.socket.end('x'.repeat(300_000)); // more than the link holds
  const far = await server.peer(0);
  expect(far.bytes()).toBe(0);
  await call('PATCH', '/toxics/toxic', { attributes: { rate: 100_000 } });
  expect(await far.ended).toBe('end');
  expect(far.bytes()).toBe(300_000);
});

test('slicer cuts, limit_data ends, timeout closes after its silence', async () => {
  const server = await serve();
  const { port, call } = await linkTo(server);
  await call('POST', '/toxics', toxic('slicer', { average_size: 10, size_variation: 2, delay: 100 }));
  const sliced = await client(port);
  sliced.socket.end('x'.repeat(1000));
  await until(() => server.peers[0]?.bytes() === 1000);
  await call('DELETE', '/toxics/toxic');

  await call('POST', '/toxics', toxic('limit_data', { bytes: 100 }));
  const limited = await client(port);
  limited.socket.write('y'.repeat(60));
  await until(() => server.peers[1]?.bytes() === 60);
  limited.socket.write('y'.repeat(60));
  await limited.ended;
  expect(server.peers[1]?.bytes()).toBe(100);
  await call('DELETE', '/toxics/toxic');

  await call('POST', '/toxics', toxic('timeout', { timeout: 120 }));
  const silenced = await client(port);
  const startedAt = performance.now();
  silenced.socket.write('z');
  await silenced.ended;
  expect(performance.now() - startedAt).toBeGreaterThan(110);
  expect(server.peers[2]?.bytes()).toBe(0);
});

test('a killed proxy leaves no process and no open connection', async () => {
  const server = await serve();
  const { port, proxy } = await linkTo(server);
  const near = await client(port);
  process.kill(proxy.pid, 'SIGKILL');
  expect(await proxy.ended).toContain('SIGKILL');
  expect(['end', 'ECONNRESET']).toContain(await near.ended);
  await expect(openClient(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await proxy.stop();
});

test('when whoever started it is killed, the proxy and its ports are gone', async () => {
  const server = await serve();
  const program = `
    import { systemClock } from ${JSON.stringify(here('../../../base/clock.ts'))};
    import { processGuard } from ${JSON.stringify(here('../../ownership/guard.ts'))};
    import { ownFromHere } from ${JSON.stringify(here('../../ownership/owner.ts'))};
    import { startLinkProxy } from ${JSON.stringify(here('./start-link-proxy.ts'))};
    ownFromHere();
    const proxy = await startLinkProxy({ guard: processGuard(), clock: systemClock, signal: new AbortController().signal });
    const { port } = await proxy.addProxy({ name: 'link', upstreamHost: '127.0.0.1', upstreamPort: ${server.port} });
    console.log(JSON.stringify({ pid: proxy.pid, port }));
    setInterval(() => {}, 1000);`;
  const { TESTCARD_OWNER: _, ...env } = process.env;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  cleanups.push(() => void parent.kill('SIGKILL'));
  const told = await new Promise<string>((resolve) =>
    parent.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
  );
  const { pid, port } = JSON.parse(told) as { pid: number; port: number };
  await client(port);
  parent.kill('SIGKILL');
  await until(() => !isAlive(pid));
  // Its first thread may be gone a moment before the others let go of the port.
  await until(() =>
    openClient(port).then(
      ({ socket }) => void socket.destroy(),
      ({ code }) => code === 'ECONNREFUSED',
    ),
  );
});

const here = (path: string) => new URL(path, import.meta.url).href;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for yet is dead.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
