import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fakeClock } from '../base/clock.fake.ts';
import type { FaultKind, FaultPorts, Proof } from '../model/faults.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { type FaultEntry, FaultRunner } from './fault-runner.ts';

const never = new AbortController().signal;

/** A lamp that can be broken: takes effect `effectAfterMs` after it was asked, if ever. */
function lamp({
  effectAfterMs = 0,
  isMomentary = false,
  ...over
}: Partial<FaultKind<string, string>> & { effectAfterMs?: number; isMomentary?: boolean } = {}) {
  const clock = fakeClock();
  const events: TimelineEvent[] = [];
  const written: string[] = [];
  let brokenAt = Number.POSITIVE_INFINITY;
  const isBroken = () => clock.nowMs() >= brokenAt + effectAfterMs;
  const proof = (holds: boolean): Proof => ({ holds, by: 'looking at the lamp', seen: isBroken() ? 'dark' : 'bright' });
  const kind: FaultKind<string, string> = {
    key: 'lamp.break',
    schema: z.string(),
    describe: (name) => `break ${name}`,
    prepare: async (name) => name,
    inject: async () => {
      expect(written.at(-1)).toBe('begin r-1'); // never before it is on disk
      brokenAt = clock.nowMs();
    },
    prove: async () => proof(isBroken()),
    revert: async () => {
      brokenAt = Number.POSITIVE_INFINITY;
    },
    proveReverted: async () => proof(!isBroken()),
    ...over,
  };
  const runner = new FaultRunner({
    kinds: [isMomentary ? withoutRevert(kind) : kind],
    ports: {} as FaultPorts, // this lamp needs none
    clock,
    emitEvent: (event) => events.push(event),
    scope: 'r',
    ledger: {
      begin: ({ id, leaseUntilMs, askedAtMs }: FaultEntry) => {
        expect(leaseUntilMs).toBeGreaterThan(askedAtMs);
        written.push(`begin ${id}`);
      },
      end: (id) => written.push(`end ${id}`),
    },
  });
  const states = () => events.map((event) => (event.type === 'fault' ? event.state : event.type));
  return { clock, runner, states, written, events };
}

function withoutRevert<I, R>({ revert: _, ...rest }: FaultKind<I, R>): FaultKind<I, R> {
  return rest;
}

describe('FaultRunner', () => {
  it('writes down, injects, proves, reverts and proves that', async () => {
    const { clock, runner, states, written } = lamp({ effectAfterMs: 300 });
    const fault = await clock.run(runner.inject('lamp.break', 'A', never));
    expect(states()).toEqual(['asked', 'injected', 'proven']);
    expect(runner.active()).toEqual([fault]);
    expect(runner.lastReverted()).toBeUndefined();
    await clock.run(Promise.all([fault.revert(never), fault.revert(never)]));
    expect(states()).toEqual(['asked', 'injected', 'proven', 'reverting', 'reverted']);
    expect(runner.active()).toEqual([]);
    expect(runner.lastReverted()).toEqual({ atMs: clock.nowMs(), title: 'break A' });
    expect(written).toEqual(['begin r-1', 'end r-1']);
  });

  it('is inconclusive, and leaves nothing broken, when the effect cannot be shown', async () => {
    const { clock, runner, states, written } = lamp({ effectAfterMs: 5_000 });
    await expect(clock.run(runner.inject('lamp.break', 'A', never))).rejects.toMatchObject({
      code: 'FAULT_UNPROVEN',
      kind: 'inconclusive',
      message: 'break A: not shown to have taken effect within 2s — looking at the lamp: bright',
    });
    expect(states()).toEqual(['asked', 'injected', 'unproven', 'reverting', 'reverted']);
    expect(written).toEqual(['begin r-1', 'end r-1']);
  });

  it('gives up at once when looking again cannot help', async () => {
    const { clock, runner } = lamp({
      prove: async () => ({ holds: false, by: 'looking', seen: 'no lamp', hopeless: 'it is gone' }),
    });
    const began = clock.nowMs();
    await expect(clock.run(runner.inject('lamp.break', 'A', never))).rejects.toMatchObject({ code: 'FAULT_UNPROVEN' });
    expect(clock.nowMs() - began).toBeLessThan(100);
  });

  it('says when a revert cannot be shown, and keeps the fault in its ledger', async () => {
    const { clock, runner, states, written } = lamp({ revert: async () => {} });
    const fault = await clock.run(runner.inject('lamp.break', 'A', never));
    await expect(clock.run(fault.revert(never))).rejects.toMatchObject({
      code: 'FAULT_NOT_REVERTED',
      message: 'break A: not shown to be reverted within 5s — looking at the lamp: dark',
    });
    expect(states().at(-1)).toBe('not-reverted');
    expect(written).toEqual(['begin r-1']);
    expect(runner.active()).toEqual([fault]);
  });

  it('touches nothing when there is nothing to break', async () => {
    const { clock, runner, states, written } = lamp({ prepare: () => Promise.reject(new Error('no such lamp')) });
    await expect(clock.run(runner.inject('lamp.break', 'A', never))).rejects.toThrow('no such lamp');
    expect(states()).toEqual(['asked', 'unproven']);
    expect(written).toEqual([]);
  });

  it('holds nothing of a fault that is over in a moment, and counts recovery from there', async () => {
    const { clock, runner, states, written } = lamp({ isMomentary: true });
    const fault = await clock.run(runner.inject('lamp.break', 'A', never));
    expect(runner.active()).toEqual([]);
    expect(runner.lastReverted()).toMatchObject({ title: 'break A' });
    await fault.revert(never);
    expect(states()).toEqual(['asked', 'injected', 'proven']);
    expect(written).toEqual(['begin r-1', 'end r-1']);
  });
});
