// Each proof must be able to fail: of a fault that was not made, of one made to no effect, and of a revert that did not happen.

import { afterEach, describe, expect, test } from 'vitest';
import type { AnyFaultKind } from '../../model/faults.ts';
import type { Peer } from '../../runtime/embedded/link-proxy/testing/peers.ts';
import { linkFaults } from './index.ts';
import { echo, keepSending, type LinkBench, openBench, roundTripMs } from './testing/link-bench.ts';

const between: [string, string] = ['worker', 'server'];
const { signal } = new AbortController();
const INPUTS: Record<string, Record<string, unknown>> = {
  'network.latency': { between, latencyMs: 60, jitterMs: 20 },
  'network.bandwidth': { between, bitsPerSecond: 800_000 },
  'network.cut': { between },
  'network.wedge': { between },
  'network.slow-close': { between, delayMs: 60 },
};
/** A reset is proven by what its own injection saw, and has no revert. */
const HELD = linkFaults.filter(({ key }) => key in INPUTS);

const open: LinkBench[] = [];
afterEach(async () => {
  for (const bench of open.splice(0)) await bench.stop();
});

async function inUse(onPeer: (peer: Peer) => void = echo): Promise<{ bench: LinkBench; client: Peer }> {
  const bench = await openBench(undefined, onPeer);
  open.push(bench);
  const client = await bench.client();
  await roundTripMs(client);
  return { bench, client };
}

const prepare = (kind: AnyFaultKind, { ports }: LinkBench, more = {}) =>
  kind.prepare({ ...INPUTS[kind.key], ...more }, ports, signal);

test('there is an input for every fault that is held', () => {
  expect(HELD.map(({ key }) => key).sort()).toEqual(Object.keys(INPUTS).sort());
});

describe.each(HELD.map((kind) => ({ kind, key: kind.key })))('$key', ({ kind }) => {
  test.each(['idle', 'steady', 'heavy'] as const)(
    'is not proven on a link that is whole, under %s traffic',
    async (traffic) => {
      const { bench, client } = await inUse();
      if (traffic !== 'idle') keepSending(client, traffic === 'steady' ? { bytes: 50 } : { bytes: 30_000, everyMs: 5 });
      const record = await prepare(kind, bench);
      for (let look = 0; look < 2; look += 1)
        expect(await kind.prove(record, bench.ports, signal)).toMatchObject({ holds: false });
    },
  );

  test('is not proven to be reverted while it is in force', async () => {
    const { bench, client } = await inUse();
    if (kind.key === 'network.bandwidth') keepSending(client, { bytes: 8_000 });
    const record = await prepare(kind, bench);
    await kind.inject(record, bench.ports, signal);
    for (let look = 0; look < 2; look += 1) {
      expect(await kind.proveReverted?.(record, bench.ports, signal)).toMatchObject({ holds: false });
    }
  });

  test('is not proven once it is reverted', async () => {
    const { bench } = await inUse();
    const record = await prepare(kind, bench);
    await kind.inject(record, bench.ports, signal);
    await kind.revert?.(record, bench.ports, signal);
    expect(await kind.prove(record, bench.ports, signal)).toMatchObject({ holds: false });
  });

  test('can be reverted twice, and from its record alone', async () => {
    const { bench } = await inUse();
    const record = await prepare(kind, bench);
    await kind.inject(record, bench.ports, signal);
    const stored = JSON.parse(JSON.stringify(record));
    await kind.revert?.(stored, bench.ports, signal);
    await kind.revert?.(stored, bench.ports, signal);
    expect(await kind.proveReverted?.(stored, bench.ports, signal)).toMatchObject({ holds: true });
  });
});

test.each(['network.latency', 'network.bandwidth', 'network.wedge', 'network.slow-close'])(
  '%s towards an end that nothing was ever sent to is unproven',
  async (key) => {
    const bench = await openBench(undefined, () => {});
    open.push(bench);
    const client = await bench.client();
    client.socket.write('a question without an answer');
    await (await bench.server.peer(0)).first;
    const kind = linkFaults.find((each) => each.key === key);
    const prepared = kind?.prepare({ ...INPUTS[key], towards: 'worker' }, bench.ports, signal);
    await expect(prepared).rejects.toMatchObject({
      code: 'FAULT_UNPROVEN',
      message: expect.stringContaining('towards worker'),
    });
  },
);

test('a limit that the traffic does not reach has no effect, and is unproven', async () => {
  const { bench, client } = await inUse();
  keepSending(client, { bytes: 100, everyMs: 10 });
  const kind = HELD.find(({ key }) => key === 'network.bandwidth') as AnyFaultKind;
  const record = await prepare(kind, bench, { bitsPerSecond: 8_000_000 });
  await kind.inject(record, bench.ports, signal);
  expect(await kind.prove(record, bench.ports, signal)).toMatchObject({
    holds: false,
    seen: expect.stringContaining('less than the limit'),
  });
});

test('a delay other than the one asked for is unproven', async () => {
  const { bench } = await inUse();
  const kind = HELD.find(({ key }) => key === 'network.latency') as AnyFaultKind;
  const asked = await prepare(kind, bench, { latencyMs: 200, jitterMs: 0 });
  await kind.inject({ ...asked, attributes: { latency: 40, jitter: 0 } }, bench.ports, signal);
  expect(await kind.prove(asked, bench.ports, signal)).toMatchObject({ holds: false });
  const { proxy } = bench.link;
  await fetch(`${proxy.api}/reset`, { method: 'POST' });
  await kind.inject({ ...asked, attributes: { latency: 600, jitter: 0 } }, bench.ports, signal);
  expect(await kind.prove(asked, bench.ports, signal)).toMatchObject({ holds: false });
});

test('a wedge of one direction does not pass for one of the other', async () => {
  const { bench, client } = await inUse();
  keepSending(client);
  const kind = HELD.find(({ key }) => key === 'network.wedge') as AnyFaultKind;
  const asked = await prepare(kind, bench, { towards: 'server' });
  await kind.inject(await prepare(kind, bench, { towards: 'worker' }), bench.ports, signal);
  expect(await kind.prove(asked, bench.ports, signal)).toMatchObject({ holds: false });
});

test('a link that the plan did not name is unproven, and says so', async () => {
  const { bench } = await inUse();
  const asked = HELD[0]?.prepare({ ...INPUTS['network.cut'], between: ['worker', 'nobody'] }, bench.ports, signal);
  await expect(asked).rejects.toMatchObject({
    code: 'FAULT_UNPROVEN',
    message: expect.stringContaining('no TCP link'),
  });
});
