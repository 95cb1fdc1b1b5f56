// A container of a real engine is taken off its networks and put back.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Proof } from '../../model/faults.ts';
import { type DockerBench, dockerBench, engineFor } from '../testing/docker-bench.ts';
import { unplugFault } from './unplug.ts';

const engine = engineFor('network.unplug');
const never = new AbortController().signal;

describe.skipIf(!engine)('a service that is taken off its networks', () => {
  let bench: DockerBench;

  beforeAll(async () => {
    if (!engine) return;
    bench = dockerBench(engine);
    await bench.network('net', '10.213.9.0/24');
    await bench.network('back');
    const mac = '02:42:aa:bb:cc:dd';
    await bench.start('speech', { networks: ['net', 'back'], ipv4: '10.213.9.77', mac, aliases: ['sts'] });
    await bench.start('peer', { networks: ['net', 'back'] });
  });
  afterAll(() => bench?.close());

  const lookup = (name: string) =>
    bench
      .python('peer', `import socket; print(socket.gethostbyname("${name}"))`)
      .then((text) => text.trim())
      .catch(() => 'unknown');

  it('is not reached by any name, and afterwards is by all of them at its address', async () => {
    const before = await bench.containers.attachments('speech', never);
    expect(before).toHaveLength(2);
    expect(await lookup('sts')).toBe('10.213.9.77');
    const record = await unplugFault.prepare({ service: 'speech' }, bench.ports, never);
    expect(await unplugFault.prove(record, bench.ports, never)).toMatchObject({ holds: false });
    await unplugFault.inject(record, bench.ports, never);
    await until(() => unplugFault.prove(record, bench.ports, never));
    expect(await lookup('sts')).toBe('unknown');
    expect(await unplugFault.proveReverted?.(record, bench.ports, never)).toMatchObject({ holds: false });
    await unplugFault.revert?.(record, bench.ports, never);
    await until(async () => (await unplugFault.proveReverted?.(record, bench.ports, never)) as Proof);
    expect(await lookup('sts')).toBe('10.213.9.77');
    expect(before.map(({ ipv4 }) => ipv4)).toContain(await lookup('speech'));
    const { stdout } = await bench.containers.netExec('speech', ['ip', '-o', 'link'], never);
    expect(stdout).toContain('02:42:aa:bb:cc:dd');
    const after = await bench.containers.attachments('speech', never);
    const sorted = (all: typeof before) => all.map((each) => ({ ...each, aliases: each.aliases.toSorted() }));
    expect(sorted(after)).toEqual(sorted(before));
  });

  it('gets its address back where the engine takes no wish for one, and lower ones have become free', async () => {
    await bench.start('early', { networks: ['back'] });
    await bench.start('late', { networks: ['back'] });
    const [before] = await bench.containers.attachments('late', never);
    const record = await unplugFault.prepare({ service: 'late' }, bench.ports, never);
    await unplugFault.inject(record, bench.ports, never);
    await bench.remove('early');
    await unplugFault.revert?.(record, bench.ports, never);
    await until(async () => (await unplugFault.proveReverted?.(record, bench.ports, never)) as Proof);
    expect((await bench.containers.attachments('late', never))[0]?.ipv4).toBe(before?.ipv4);
  });

  it('is not shown to be back when it came back under another address', async () => {
    const record = await unplugFault.prepare({ service: 'speech' }, bench.ports, never);
    await unplugFault.inject(record, bench.ports, never);
    const wrong = record.attachments.map((each) =>
      each.ipv4 === '10.213.9.77' ? { ...each, ipv4: '10.213.9.78', aliases: ['speech'] } : each,
    );
    await unplugFault.revert?.({ ...record, attachments: wrong }, bench.ports, never);
    const proof = await unplugFault.proveReverted?.(record, bench.ports, never);
    expect(proof).toMatchObject({ holds: false });
    expect(proof?.seen).toMatch(/its address is 10.213.9.78, and was 10.213.9.77/);
    expect(proof?.seen).toMatch(/lost the names sts/);
  });
});

async function until(look: () => Promise<Proof>): Promise<void> {
  let last: Proof | undefined;
  for (let attempt = 0; attempt < 4; attempt += 1) {
    last = await look();
    if (last.holds) return;
  }
  throw new Error(`never shown: ${last?.by}: ${last?.seen}`);
}
