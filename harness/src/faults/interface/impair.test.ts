// Whether packets are said to be broken is decided by what arrives, whatever the commands that were run said.

import { describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { FaultPorts } from '../../model/faults.ts';
import type { Impairment } from '../../model/impairment.ts';
import type { TimelineEvent } from '../../model/timeline.ts';
import { FaultRunner } from '../fault-runner.ts';
import { done, fakeContainers } from '../testing/fake-containers.ts';
import { impairFault } from './impair.ts';
import type { ProbeSettings } from './probe-program.ts';

const never = new AbortController().signal;
const noNetem = {
  ...{ netem: 'unknown', htb: '', tbf: '', ingress: '', statistic: '', nfqueue: '', iptables: 'iptables' },
};

/** A network that loses every third packet while rules are there, if they work at all. */
function network({ works = true, undoes = true, before = false } = {}) {
  let isBroken = before;
  const commands: string[] = [];
  const containers = fakeContainers({
    async netExec(service, argv) {
      const [program, , text = '', settings] = argv;
      if (program === 'ip') return done(JSON.stringify([{ ifname: 'eth0', addr_info: [{ local: '10.0.0.2' }] }]));
      if (program === 'sh') {
        commands.push(`${service}: ${text}`);
        const isSetup = text.includes(' -A ');
        if (isSetup ? works : undoes) isBroken = isSetup;
        return done();
      }
      if (settings === undefined) return done(JSON.stringify({ ...noNetem, left: [] }));
      return done(JSON.stringify({ refused: 0, refusal: '', trainUs: 10 }));
    },
    async netStart(_service, argv) {
      const { paced } = JSON.parse(argv[3] ?? '{}') as ProbeSettings;
      const numbers = Array.from({ length: paced }, (_, index) => index).filter((each) => !isBroken || each % 3 > 0);
      const found = JSON.stringify({ paced: numbers.map((each) => [each, 100]), train: [], ended: true });
      return { said: 'ready', output: () => `ready\n${found}\n`, stop: async () => {} };
    },
  });
  const events: TimelineEvent[] = [];
  const runner = new FaultRunner({
    kinds: [{ ...impairFault, provableWithinMs: () => 100, revertedWithinMs: () => 100 }],
    ports: { clock: systemClock, containers } as Partial<FaultPorts> as FaultPorts, // all it asks for
    ledger: { begin: () => {}, end: () => {} },
    clock: systemClock,
    emitEvent: (event) => events.push(event),
    scope: 't',
  });
  const inject = (input: Omit<Impairment, 'service'>) =>
    runner.inject('network.impair', { service: 'relay', ...input }, never);
  return { inject, commands, events, containers };
}

describe('packets of a container', () => {
  it('are broken when they are seen to be, and the report names by what', async () => {
    const { inject, events, commands } = network();
    const fault = await inject({ loss: 1 / 3 });
    expect(events.at(-1)).toMatchObject({
      state: 'proven',
      proof: {
        by: 'UDP packets of its own (loss: iptables statistic)',
        seen: 'peer → relay: lost 67 of 200; relay → peer: lost 67 of 200',
      },
    });
    await fault.revert(never);
    expect(events.at(-1)).toMatchObject({ state: 'reverted' });
    expect(commands.at(-1)).toContain('-X TESTCARD-IN');
  });

  it('are not when the rules have no effect: inconclusive, and the rules are taken away', async () => {
    const { inject, commands } = network({ works: false });
    await expect(inject({ loss: 1 / 3 })).rejects.toMatchObject({
      code: 'FAULT_UNPROVEN',
      message: expect.stringContaining('lost 0 of 200'),
    });
    expect(commands.at(-1)).toContain('-X TESTCARD-IN');
  });

  it('are not when another amount is lost than was asked for', async () => {
    await expect(network().inject({ loss: 0.05 })).rejects.toMatchObject({ code: 'FAULT_UNPROVEN' });
  });

  it('are still broken when the revert had no effect', async () => {
    const fault = await network({ undoes: false }).inject({ loss: 1 / 3 });
    await expect(fault.revert(never)).rejects.toMatchObject({ code: 'FAULT_NOT_REVERTED' });
  });

  it('are not touched where the network loses some by itself', async () => {
    const { inject, commands } = network({ before: true });
    await expect(inject({ loss: 1 / 3 })).rejects.toThrow(/the network of relay is not sound to begin with/);
    expect(commands).toEqual([]);
  });

  it('are only asked of a service that runs, with a peer that does', async () => {
    const alone = network();
    Object.assign(alone.containers.states.peer ?? {}, { status: 'exited' });
    await expect(alone.inject({ loss: 0.5 })).rejects.toThrow(/no other service on net of relay/);
    await expect(alone.inject({ loss: 0.5, with: 'peer' })).rejects.toThrow(/peer does not run on/);
    const down = network();
    Object.assign(down.containers.states.relay ?? {}, { status: 'exited' });
    await expect(down.inject({ loss: 0.5 })).rejects.toThrow(/does not run \(exited\)/);
  });

  it('are whole again when the container is another one', async () => {
    const { inject, containers, commands } = network();
    const fault = await inject({ loss: 1 / 3 });
    Object.assign(containers.states.relay ?? {}, { startedAt: 'later' });
    await fault.revert(never);
    expect(commands).toHaveLength(1);
  });
});

it('cannot be asked for where services are no containers', async () => {
  const ports = { clock: systemClock } as Partial<FaultPorts> as FaultPorts; // a runtime without containers
  await expect(impairFault.prepare({ service: 'relay', loss: 0.5 }, ports, never)).rejects.toMatchObject({
    code: 'RUNTIME_UNSUPPORTED',
  });
});
