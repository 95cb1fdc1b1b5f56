// What a limit is believed by: what the kernel enforces and counts, not what the engine was told.

import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../base/clock.fake.ts';
import type { ContainerControl } from '../../model/containers.ts';
import type { FaultPorts } from '../../model/faults.ts';
import { done, fakeContainers } from '../testing/fake-containers.ts';
import type { ControlGroup } from './control-group.ts';
import { cpuFault } from './cpu.ts';
import { memoryFault } from './memory.ts';

const never = new AbortController().signal;
const MiB = 1024 ** 2;

/** A kernel that reports what it is given; of several reports, one after the other. */
function kernel(reports: Partial<ControlGroup>[], over: Partial<ContainerControl> = {}) {
  const clock = fakeClock();
  let looks = 0;
  const containers = fakeContainers({
    fileExec: async () => {
      const report = reports[Math.min(looks, reports.length - 1)];
      looks += 1;
      const zero: ControlGroup = {
        ...{ memoryLimitBytes: 0, memoryUsedBytes: 10 * MiB, cpus: 0, usedMs: 0, throttled: 0, atMs: looks * 1_000 },
      };
      return done(JSON.stringify({ ...zero, ...report }));
    },
    ...over,
  });
  const ports = { clock, containers } as Partial<FaultPorts> as FaultPorts; // all they ask for
  return { ports, containers, clock };
}

describe('a limit on memory', () => {
  const bytes = 64 * MiB;

  it('is there when the kernel enforces it, and gone when the kernel has what it had', async () => {
    const { ports, containers } = kernel([{ memoryLimitBytes: bytes }, {}]);
    const record = await memoryFault.prepare({ service: 'relay', bytes }, ports, never);
    await memoryFault.inject(record, ports, never);
    expect(containers.limited.relay).toEqual({ memoryBytes: bytes, memorySwapBytes: bytes, cpus: 0 });
    expect(await memoryFault.prove(record, ports, never)).toMatchObject({ holds: true, seen: 'uses 10MiB of 64MiB' });
    await memoryFault.revert?.(record, ports, never);
    expect(containers.limited.relay).toEqual({ memoryBytes: 0, cpus: 0 });
    expect(await memoryFault.proveReverted?.(record, ports, never)).toMatchObject({ holds: true });
  });

  it.each<[string, Partial<ControlGroup>]>([
    ['it enforces none', {}],
    ['it enforces another', { memoryLimitBytes: 128 * MiB }],
    ['more is used than may be', { memoryLimitBytes: bytes, memoryUsedBytes: 65 * MiB }],
  ])('is not there when %s', async (_, report) => {
    const { ports } = kernel([report]);
    const record = await memoryFault.prepare({ service: 'relay', bytes }, ports, never);
    expect(await memoryFault.prove(record, ports, never)).toMatchObject({ holds: false });
  });

  it('is not gone while the kernel enforces it', async () => {
    const { ports } = kernel([{ memoryLimitBytes: bytes }]);
    const record = await memoryFault.prepare({ service: 'relay', bytes }, ports, never);
    expect(await memoryFault.proveReverted?.(record, ports, never)).toMatchObject({ holds: false });
  });

  it('shows by a service that was killed out of memory, and by no other end', async () => {
    const { ports, containers } = kernel([{}]);
    const record = await memoryFault.prepare({ service: 'relay', bytes }, ports, never);
    Object.assign(containers.states.relay ?? {}, { status: 'exited', isOutOfMemory: true });
    expect(await memoryFault.prove(record, ports, never)).toMatchObject({ holds: true });
    Object.assign(containers.states.relay ?? {}, { isOutOfMemory: false });
    expect(await memoryFault.prove(record, ports, never)).toMatchObject({ holds: false, hopeless: expect.anything() });
  });

  it('that the engine refuses is inconclusive, with what to do', async () => {
    const { ports } = kernel([{}], { setLimits: () => Promise.reject(new Error('current usage: 459100160')) });
    const record = await memoryFault.prepare({ service: 'relay', bytes }, ports, never);
    await expect(memoryFault.inject(record, ports, never)).rejects.toMatchObject({
      code: 'FAULT_UNPROVEN',
      hint: expect.stringContaining('below what is in use'),
    });
  });
});

describe('a limit on processors', () => {
  const prove = async (reports: Partial<ControlGroup>[]) => {
    const { ports, clock } = kernel(reports);
    const record = await cpuFault.prepare({ service: 'relay', cpus: 0.25 }, ports, never);
    return clock.run(cpuFault.prove(record, ports, never));
  };

  it('is there when no more is used', async () => {
    const proof = await prove([{ cpus: 0.25 }, { cpus: 0.25, usedMs: 250, throttled: 9 }]);
    expect(proof).toMatchObject({ holds: true, seen: 'used 0.25 of 0.25 processors, held back 9 times' });
  });

  it.each<[string, Partial<ControlGroup>[]]>([
    ['the kernel enforces none', [{}, { usedMs: 100 }]],
    ['more is used than may be', [{ cpus: 0.25 }, { cpus: 0.25, usedMs: 900 }]],
  ])('is not there when %s', async (_, reports) => {
    expect(await prove(reports)).toMatchObject({ holds: false });
  });

  it('gives back what there was, and leaves a limit on memory as it is meanwhile', async () => {
    const { ports, containers } = kernel([{ cpus: 2 }]);
    containers.limited.relay = { memoryBytes: 0, cpus: 2 };
    const record = await cpuFault.prepare({ service: 'relay', cpus: 0.25 }, ports, never);
    containers.limited.relay = { memoryBytes: 64 * MiB, cpus: 0.25 };
    await cpuFault.revert?.(record, ports, never);
    expect(containers.limited.relay).toEqual({ memoryBytes: 64 * MiB, cpus: 2 });
    expect(await cpuFault.proveReverted?.(record, ports, never)).toMatchObject({ holds: true });
  });

  it('is refused where it would change nothing', async () => {
    const { ports, containers } = kernel([{}]);
    containers.limited.relay = { memoryBytes: 0, cpus: 0.1 };
    await expect(cpuFault.prepare({ service: 'relay', cpus: 0.25 }, ports, never)).rejects.toMatchObject({
      code: 'FAULT_UNPROVEN',
    });
  });
});
