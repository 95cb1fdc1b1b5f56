import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../runtime/embedded/link-proxy/testing/peers.ts';
import { findToxiproxy } from '../../runtime/embedded/link-proxy/testing/toxiproxy.ts';
import { echo, keepSending, type LinkBench, openBench, roundTripMs } from './testing/link-bench.ts';

const between: [string, string] = ['worker', 'server'];
const { signal } = new AbortController();

const realToxiproxy = findToxiproxy(15);

describe.each([
  { kind: 'own' as const, live: true, enabled: true },
  { kind: 'toxiproxy' as const, live: false, enabled: realToxiproxy !== undefined },
])('faults on a link through $kind', ({ kind, enabled, live }) => {
  const suite = enabled ? test : test.skip;
  const open: LinkBench[] = [];
  afterEach(async () => {
    for (const bench of open.splice(0)) await bench.stop();
  });
  const start = async (onPeer = echo) => {
    const bench = await openBench(kind === 'own' ? undefined : realToxiproxy, onPeer);
    open.push(bench);
    return bench;
  };
  /** A link that has carried bytes, and whose client goes on with its connection. */
  const inUse = async (onPeer = echo) => {
    const bench = await start(onPeer);
    const client = await bench.client();
    const before = await roundTripMs(client);
    return { bench, client, before };
  };
  const proofs = (bench: LinkBench) =>
    bench.events.flatMap((event) =>
      event.type === 'fault' && event.proof ? [`${event.state}: ${event.proof.seen}`] : [],
    );

  suite('latency: answers take as much longer as was asked, and no longer once it is reverted', async () => {
    const { bench, client } = await inUse();
    const fault = await bench.runner.inject('network.latency', { between, latencyMs: 120, jitterMs: 0 }, signal);
    const during = await roundTripMs(client);
    expect(during).toBeGreaterThanOrEqual(238);
    expect(during).toBeLessThan(320);
    await fault.revert(signal);
    expect(await roundTripMs(client)).toBeLessThan(120);
    expect(proofs(bench)).toHaveLength(2);
    expect(bench.ledger.size).toBe(0);
  });

  suite('latency towards one end delays that direction only, around the jitter', async () => {
    const { bench, client } = await inUse();
    const input = { between, towards: 'server', latencyMs: 150, jitterMs: 40 };
    const fault = await bench.runner.inject('network.latency', input, signal);
    const times: number[] = [];
    for (let index = 0; index < 5; index += 1) times.push(await roundTripMs(client));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(108);
    expect(Math.max(...times)).toBeLessThan(240);
    await fault.revert(signal);
  });

  suite('latency under steady traffic is proven by that traffic', async () => {
    const { bench, client } = await inUse();
    const stop = keepSending(client);
    const fault = await bench.runner.inject('network.latency', { between, latencyMs: 200, jitterMs: 0 }, signal);
    await fault.revert(signal);
    stop();
    expect(proofs(bench)).toHaveLength(2);
  });

  suite('cut: connections are reset, new ones refused, until it is reverted', async () => {
    const { bench, client } = await inUse();
    const fault = await bench.runner.inject('network.cut', { between }, signal);
    expect(live ? ['ECONNRESET'] : ['ECONNRESET', 'end']).toContain(await client.ended);
    await expect(bench.client()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(bench.runner.inject('network.cut', { between }, signal)).rejects.toMatchObject({
      code: 'FAULT_UNPROVEN',
    });
    await fault.revert(signal);
    await roundTripMs(await bench.client());
  });

  suite('reset: connections are reset once, and new ones are as before', async () => {
    const { bench, client } = await inUse();
    const fault = await bench.runner.inject('network.reset', { between }, signal);
    expect(live ? ['ECONNRESET'] : ['ECONNRESET', 'end']).toContain(await client.ended);
    await roundTripMs(await bench.client());
    await fault.revert(signal);
  });

  suite('wedge: bytes vanish in both directions while the connection stays; it is closed when the wedge ends', async () => {
    const { bench, client } = await inUse();
    const far = await bench.server.peer(0);
    const fault = await bench.runner.inject('network.wedge', { between }, signal);
    const received = { near: client.bytes(), far: far.bytes() };
    client.socket.write('lost');
    far.socket.write('lost too');
    await new Promise((resolve) => setTimeout(resolve, 200)); // nothing may happen: there is nothing to wait for
    expect({ near: client.bytes(), far: far.bytes() }).toEqual(received);
    expect(client.socket.readyState).toBe('open');
    expect(far.socket.readyState).toBe('open');
    await fault.revert(signal);
    await client.ended;
    await roundTripMs(await bench.client());
  });

  suite('a wedge towards the client lets questions through and no answers', async () => {
    const { bench, client } = await inUse();
    const far = await bench.server.peer(0);
    const fault = await bench.runner.inject('network.wedge', { between, towards: 'worker' }, signal);
    const before = { near: client.bytes(), far: far.bytes() };
    client.socket.write('question');
    await until(() => far.bytes() === before.far + 8);
    expect(client.bytes()).toBe(before.near);
    await fault.revert(signal);
  });

  suite('slow close: the end of a connection comes as much later as was asked', async () => {
    const { bench } = await inUse();
    const input = { between, towards: 'server', delayMs: 300 };
    const fault = await bench.runner.inject('network.slow-close', input, signal);
    const client = await bench.client();
    await roundTripMs(client);
    const startedAt = performance.now();
    client.socket.end();
    await client.ended;
    const during = performance.now() - startedAt;
    expect(during).toBeGreaterThanOrEqual(295);
    expect(during).toBeLessThan(420);
    await fault.revert(signal);
    const next = await bench.client();
    const again = performance.now();
    next.socket.end();
    await next.ended;
    expect(performance.now() - again).toBeLessThan(100);
  });

  (live ? suite : test.skip)('bandwidth: no more than the limit arrives while more is sent', async () => {
    const { bench, client } = await inUse(({ socket }) => {
      socket.once('data', (data: Buffer) => void socket.write(data));
    });
    const far = await bench.server.peer(0);
    const stop = keepSending(client, { bytes: 8_000, everyMs: 10 });
    const fault = await bench.runner.inject('network.bandwidth', { between, bitsPerSecond: 800_000 }, signal);
    const [bytes, atMs] = [far.bytes(), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 600)); // the stretch that is measured
    const rate = (far.bytes() - bytes) / (performance.now() - atMs);
    expect(rate).toBeGreaterThan(80);
    expect(rate).toBeLessThan(120);
    await fault.revert(signal);
    stop();
  });

  suite.each([
    ['network.latency', { latencyMs: 100, jitterMs: 0 }],
    ['network.bandwidth', { bitsPerSecond: 500_000 }],
    ['network.cut', {}],
    ['network.reset', {}],
    ['network.wedge', {}],
    ['network.slow-close', { delayMs: 100 }],
  ])('%s on a link that nothing has used is unproven, and nothing is broken', async (key, effect) => {
    const bench = await start();
    await expect(bench.runner.inject(key, { between, ...effect }, signal)).rejects.toMatchObject({
      code: 'FAULT_UNPROVEN',
      message: expect.stringContaining('nothing has used the link'),
    });
    await roundTripMs(await bench.client());
  });
});
