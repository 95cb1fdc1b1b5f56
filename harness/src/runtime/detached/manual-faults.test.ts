import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fakeClock } from '../../base/clock.fake.ts';
import type { FaultEntry } from '../../faults/index.ts';
import type { FaultKind, FaultPorts } from '../../model/faults.ts';
import type { TimelineEvent } from '../../model/timeline.ts';
import { ManualFaults } from './manual-faults.ts';

const never = new AbortController().signal;

/** Faults that are what `world` says they are. */
function setup() {
  const clock = fakeClock();
  const world = { broken: new Set<string>(), deaf: false, stuck: false, started: [] as string[] };
  const schema = z.strictObject({
    service: z.string(),
    how: z.string().default('hard'),
    with: z.string().optional(),
    towards: z.enum(['in', 'out']).optional(),
  });
  const hold: FaultKind<z.output<typeof schema>, string> = {
    key: 'service.hold',
    schema,
    describe: ({ service, how }) => `hold ${service} ${how}`,
    prepare: async ({ service }) => service,
    inject: async (name) => void (world.deaf || world.broken.add(name)),
    prove: async (name) => ({ holds: world.broken.has(name), by: 'looking', seen: 'what is there' }),
    revert: async (name) => void (world.stuck || world.broken.delete(name)),
    proveReverted: async (name) => ({ holds: !world.broken.has(name), by: 'looking', seen: 'again' }),
  };
  const between = z.strictObject({
    between: z.tuple([z.string(), z.string()]),
    towards: z.string().optional(),
  });
  const once: FaultKind<z.output<typeof between>, string> = {
    key: 'network.once',
    schema: between,
    describe: () => 'once',
    prepare: async () => 'x',
    inject: async () => {},
    prove: async () => ({ holds: true, by: 'looking', seen: 'it' }),
  };
  const ledger = new Map<string, FaultEntry>();
  const events: TimelineEvent[] = [];
  const ports = {
    clock,
    services: {
      start: async (name: string) => void world.started.push(name),
      status: (service: string) => ({ service, state: 'ready', restarts: 0, sinceMs: 0 }),
    },
  } as unknown as FaultPorts; // only what these kinds and `start` use
  const faults = new ManualFaults({
    kinds: [hold, once],
    ports,
    services: ['web', 'db'],
    ledger: { begin: (entry) => void ledger.set(entry.id, entry), end: (id) => void ledger.delete(id) },
    clock,
    onEvent: (event) => events.push(event),
  });
  return { clock, world, ledger, events, faults, states: () => faults.list().map(({ id, state }) => `${id} ${state}`) };
}

const hold = (service: string, forMs?: number) => ({ key: 'service.hold', input: { service }, forMs });

describe('faults by hand', () => {
  it('are told with their proof and when they will be reverted, and are reverted then', async () => {
    const { clock, world, faults, ledger, states } = setup();
    const fault = await faults.inject(hold('web', 5_000), never);
    expect(fault).toMatchObject({
      id: '1',
      title: 'hold web hard',
      state: 'active',
      proof: { holds: true, by: 'looking' },
      revertAtMs: clock.nowMs() + 5_000,
    });
    expect([...ledger.values()]).toMatchObject([{ leaseUntilMs: clock.nowMs() + 5_000 }]);
    await clock.advance(4_999);
    expect(world.broken).toEqual(new Set(['web']));
    await clock.advance(1);
    expect(world.broken).toEqual(new Set());
    expect(states()).toEqual(['1 over']);
    expect(faults.list()).toMatchObject([{ revertProof: { seen: 'again' }, revertedAtMs: clock.nowMs() }]);
    expect(ledger.size).toBe(0);
  });

  it('stay ten minutes without a word', async () => {
    const { clock, world, faults } = setup();
    await faults.inject(hold('web'), never);
    await clock.advance(599_999);
    expect(world.broken.size).toBe(1);
    await clock.advance(1);
    expect(world.broken.size).toBe(0);
  });

  it('are refused, and undone, when nothing came of them', async () => {
    const { clock, world, faults, ledger, states } = setup();
    world.deaf = true;
    const asked = faults.inject(hold('web'), never);
    asked.catch(() => {});
    await clock.advance(3_000);
    await expect(asked).rejects.toMatchObject({ code: 'FAULT_UNPROVEN' });
    expect(states()).toEqual(['1 unproven']);
    expect(faults.list()).toMatchObject([{ proof: { holds: false }, problem: { code: 'FAULT_UNPROVEN' } }]);
    expect(ledger.size).toBe(0);
  });

  it('can be reverted by number once, or all, latest first', async () => {
    const { world, faults, events, states } = setup();
    await faults.inject(hold('web'), never);
    await faults.inject(hold('db'), never);
    expect(await faults.revert('1')).toMatchObject({ id: '1', state: 'over' });
    await expect(faults.revert('1')).rejects.toMatchObject({
      code: 'USAGE',
      message: 'fault 1 is over already',
      hint: 'active: 2',
    });
    await expect(faults.revert('7')).rejects.toThrow('there is no fault 7');
    await faults.inject(hold('web'), never);
    expect((await faults.revertAll()).map(({ id }) => id)).toEqual(['3', '2']);
    expect(world.broken.size).toBe(0);
    expect(states()).toEqual(['1 over', '2 over', '3 over']);
    expect(events.filter((event) => event.type === 'fault' && event.state === 'reverted')).toHaveLength(3);
  });

  it('whose end cannot be shown stay listed and noted, and can be reverted again', async () => {
    const { clock, world, faults, ledger, states } = setup();
    await faults.inject(hold('web'), never);
    world.stuck = true;
    const reverting = faults.revert('1');
    reverting.catch(() => {});
    await clock.advance(6_000);
    await expect(reverting).rejects.toMatchObject({ code: 'FAULT_NOT_REVERTED' });
    expect(states()).toEqual(['1 not-reverted']);
    expect(ledger.size).toBe(1);
    world.stuck = false;
    await faults.revert('1');
    expect(states()).toEqual(['1 over']);
    await clock.advance(600_000);
    expect(states()).toEqual(['1 over']);
    expect(faults.list()[0]).not.toHaveProperty('problem');
    expect(ledger.size).toBe(0);
  });

  it('whose end cannot be shown are reverted again when their lease is over', async () => {
    const { clock, world, faults, states } = setup();
    await faults.inject(hold('web', 60_000), never);
    world.stuck = true;
    const reverting = faults.revert('1');
    reverting.catch(() => {});
    await clock.advance(6_000);
    world.stuck = false;
    await clock.advance(54_000);
    expect(states()).toEqual(['1 over']);
  });

  it('that are over in a moment are not held', async () => {
    const { faults } = setup();
    const request = { key: 'network.once', input: { between: ['web', 'testcard'] } };
    const fault = await faults.inject(request, never);
    expect(fault).toMatchObject({ state: 'over' });
    expect(fault).not.toHaveProperty('revertAtMs');
    await expect(faults.inject({ ...request, forMs: 1_000 }, never)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('may be of one direction of a service, and of a peer', async () => {
    const { faults } = setup();
    const input = { service: 'web', with: 'db', towards: 'in' };
    expect(await faults.inject({ key: 'service.hold', input }, never)).toMatchObject({ state: 'active' });
  });

  it('of a service end when it is started', async () => {
    const { world, faults } = setup();
    await faults.inject(hold('web'), never);
    await faults.inject(hold('db'), never);
    expect(await faults.startService('web', never)).toMatchObject({ state: 'ready', reverted: [{ id: '1' }] });
    expect(world.broken).toEqual(new Set(['db']));
    expect(world.started).toEqual(['web']);
  });

  it('are refused with what was meant', async () => {
    const { faults, states } = setup();
    const refused = (key: string, input: unknown, forMs?: number) =>
      faults.inject({ key, input, forMs }, never).catch((error) => `${error.code} ${error.message} | ${error.hint}`);
    expect(await refused('service.hodl', {})).toBe('USAGE there is no fault service.hodl | did you mean service.hold?');
    expect(await refused('service.hold', { service: 'wbe' })).toBe('USAGE there is no service wbe | did you mean web?');
    expect(await refused('network.once', { between: ['web', 'dbb'] })).toContain('did you mean db?');
    const elsewhere = { between: ['web', 'db'], towards: 'testcard' };
    expect(await refused('network.once', elsewhere)).toContain('towards is one of the two ends: web, db');
    expect(await refused('service.hold', { service: 'web', with: 'dbb' })).toContain('did you mean db?');
    expect(await refused('service.hold', { service: 'web', hwo: 1 })).toMatch(/USAGE service\.hold: .*hwo/);
    expect(await refused('service.hold', { service: 'web' }, 0)).toMatch(/USAGE/);
    expect(await refused('service.hold', { service: 'web' }, 1e12)).toMatch(/USAGE .*at most 24h/);
    expect(states()).toEqual([]);
  });
});
