import { describe, expect, it } from 'vitest';
import type { ServiceStatus } from '../model/ports.ts';
import type { Judgement } from '../model/verdict.ts';
import { serviceCheck } from './service.ts';

function judge(check: Record<string, unknown>, status: Partial<ServiceStatus>): Judgement {
  const seen = {
    fromMs: 1_000,
    status: { service: 'w', state: 'ready' as const, restarts: 0, sinceMs: 4_500, ...status },
  };
  return serviceCheck.judge(seen, serviceCheck.schema.parse({ service: 'w', ...check }));
}

/** Every demand, with a status that it must pass and one that it must reject. */
const TABLE: [check: Record<string, unknown>, good: Partial<ServiceStatus>, bad: Partial<ServiceStatus>][] = [
  [{ state: 'ready' }, { state: 'ready' }, { state: 'starting' }],
  [{ state: ['ready', 'running'] }, { state: 'running' }, { state: 'exited' }],
  [{ state: { not: 'exited' } }, { state: 'ready' }, { state: 'exited' }],
  [{ 'exit-code': 0 }, { state: 'exited', exitCode: 0 }, { state: 'exited', exitCode: 1 }],
  [{ 'exit-code': { not: 0 } }, { state: 'exited', exitCode: 2 }, { state: 'exited', exitCode: 0 }],
  [{ 'exit-code': { not: 0 } }, { state: 'failed', exitCode: 2 }, { state: 'ready' }],
  [{ 'exit-code': 137 }, { state: 'stopped', signal: 'SIGKILL' }, { state: 'stopped', signal: 'SIGTERM' }],
  [{ 'exit-code': 1 }, { state: 'ready', exitCode: 1, restarts: 1 }, { state: 'ready', exitCode: 2, restarts: 1 }],
  [{ restarts: 0 }, { restarts: 0 }, { restarts: 1 }],
  [{ restarts: { 'at-least': 2 } }, { restarts: 2 }, { restarts: 1 }],
  [{ state: 'ready', restarts: 0 }, { state: 'ready' }, { state: 'ready', restarts: 1 }],
];

describe('service check', () => {
  it.each(TABLE)('%j passes what it should and fails what it should', (check, good, bad) => {
    expect(judge(check, good).verdict).toBe('passed');
    expect(judge(check, bad).verdict).toBe('failed');
  });

  it('says in which state since when, and how it ended', () => {
    expect(judge({ state: 'ready' }, { state: 'exited', exitCode: 3 })).toMatchObject({
      expected: 'service w: state ready',
      seen: 'exited since +3.5 s with exit code 3',
      last: 'exited',
    });
    expect(judge({ 'exit-code': 0 }, { state: 'stopped', signal: 'SIGTERM' }).seen).toBe(
      'ended with exit code 143 (SIGTERM) at +3.5 s',
    );
    expect(judge({ 'exit-code': 0 }, {}).seen).toBe('it has not ended: ready since +3.5 s');
  });

  it('leaves the summary of the run to make a figure of it', () => {
    expect(judge({ restarts: 0 }, {})).not.toHaveProperty('figures');
  });

  it('gives up waiting only for what nothing will bring about', () => {
    expect(judge({ state: 'ready' }, { state: 'exited', exitCode: 1, isDown: true }).hopeless).toContain('is down');
    expect(judge({ state: 'ready' }, { state: 'exited', exitCode: 1, isDown: false }).hopeless).toBeUndefined();
    expect(judge({ 'exit-code': 0 }, { state: 'exited', exitCode: 1, isDown: true }).hopeless).toContain('is down');
    expect(judge({ 'exit-code': 0 }, { state: 'ready' }).hopeless).toBeUndefined();
  });

  it.each([
    [{}],
    [{ state: 'dead' }],
    [{ state: [] }],
    [{ 'exit-code': '0' }],
    [{ restarts: -1 }],
    [{ stat: 'ready' }],
  ])('refuses %j', (check) => {
    expect(serviceCheck.schema.safeParse({ service: 'w', ...check }).success).toBe(false);
  });
});

describe('service check over time', () => {
  const at = (sinceMs: number, state: ServiceStatus['state'], more: Partial<ServiceStatus> = {}): ServiceStatus => ({
    service: 'w',
    restarts: 0,
    sinceMs,
    state,
    ...more,
  });
  const now = at(4_600, 'ready', { exitCode: 5, restarts: 1 });
  const past = [at(1_000, 'ready'), at(4_500, 'exited', { exitCode: 5 }), now];
  const input = (check: Record<string, unknown>) => serviceCheck.schema.parse({ service: 'w', ...check });

  it('sees a moment between two looks when one instant is enough, and not otherwise', () => {
    const observed = { fromMs: 1_000, status: now, any: past };
    expect(serviceCheck.judge(observed, input({ state: 'exited', 'exit-code': 5 }))).toMatchObject({
      verdict: 'passed',
      seen: expect.stringContaining('exited since +3.5 s'),
    });
    expect(serviceCheck.judge(observed, input({ state: 'exited', 'exit-code': 6 })).verdict).toBe('failed');
    expect(serviceCheck.judge({ ...observed, any: undefined }, input({ state: 'exited' })).verdict).toBe('failed');
  });

  it('fails for a moment that did not fit when every instant must', () => {
    const observed = { fromMs: 1_000, status: now, held: past };
    expect(serviceCheck.judgeContinuously?.(observed, input({ state: 'ready' }))).toMatchObject({
      verdict: 'failed',
      seen: expect.stringContaining('exited since +3.5 s with exit code 5'),
    });
    expect(serviceCheck.judgeContinuously?.(observed, input({ state: ['ready', 'exited'] })).verdict).toBe('passed');
  });
});
