// Whether a service is off its networks is decided by its kernel and by a neighbour; whether it is back, by all that it had.

import { describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { FaultPorts } from '../../model/faults.ts';
import { done, fakeContainers } from '../testing/fake-containers.ts';
import { unplugFault } from './unplug.ts';

const never = new AbortController().signal;

function networks({ hasInterface = false, answers = false } = {}) {
  const seen = { hasInterface, answers };
  const containers = fakeContainers({
    netExec: async (_service, argv) => {
      if (argv[0] === 'python3') return done(JSON.stringify(seen.answers ? ['10.0.0.2'] : []));
      if (argv[1] === '-j') return done(JSON.stringify([{ ifname: 'eth0', addr_info: [{ local: '10.0.0.2' }] }]));
      return done(`1: lo: <UP>\n${seen.hasInterface ? '9: eth0@if10: <UP>\n' : ''}`);
    },
  });
  const ports = { clock: systemClock, containers } as Partial<FaultPorts> as FaultPorts; // all it asks for
  const prepare = () => unplugFault.prepare({ service: 'relay' }, ports, never);
  return { ports, containers, prepare, seen };
}

describe('a service off its networks', () => {
  it('has no interface, and nobody answers at its address', async () => {
    const { ports, prepare, containers } = networks();
    const record = await prepare();
    await unplugFault.inject(record, ports, never);
    expect(containers.networks.relay).toEqual([]);
    expect(await unplugFault.prove(record, ports, never)).toMatchObject({
      holds: true,
      by: 'the network namespace of relay, and ARP from peer',
    });
  });

  it.each([
    ['it has an interface', { hasInterface: true }],
    ['somebody answers at its address', { answers: true }],
  ])('is none when %s', async (_, what) => {
    const { ports, prepare } = networks(what);
    expect(await unplugFault.prove(await prepare(), ports, never)).toMatchObject({ holds: false });
  });

  it('is back with its names and addresses when a neighbour reaches it there', async () => {
    const { ports, prepare, seen } = networks();
    const record = await prepare();
    await unplugFault.inject(record, ports, never);
    expect(await unplugFault.proveReverted?.(record, ports, never)).toMatchObject({ holds: false });
    await unplugFault.revert?.(record, ports, never);
    expect(await unplugFault.proveReverted?.(record, ports, never)).toMatchObject({ holds: false });
    seen.answers = true;
    expect(await unplugFault.proveReverted?.(record, ports, never)).toMatchObject({ holds: true });
  });

  it.each([
    ['without one of its names', { aliases: [] }, 'it lost the names relay on net'],
    ['at another address', { ipv4: '10.0.0.9' }, 'its address is 10.0.0.9, and was 10.0.0.2'],
    ['with another MAC address', { mac: '02:00:00:00:00:09' }, 'its MAC address is 02:00:00:00:00:09'],
  ])('is not back %s', async (_, change, message) => {
    const { ports, prepare, containers } = networks({ answers: true });
    const record = await prepare();
    const [was] = record.attachments;
    containers.networks.relay = [{ network: 'net', aliases: [], ...was, ...change }];
    const proof = await unplugFault.proveReverted?.(record, ports, never);
    expect(proof).toMatchObject({ holds: false, seen: expect.stringContaining(message) });
  });

  it('is not taken off what it is not on', async () => {
    const { prepare, containers } = networks();
    containers.networks.relay = [];
    await expect(prepare()).rejects.toMatchObject({ code: 'FAULT_UNPROVEN' });
  });
});
