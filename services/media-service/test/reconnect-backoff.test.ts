import { beforeEach, describe, expect, it } from 'vitest';
import { pause } from '../src/clock.ts';
import { reconnect } from '../src/reconnect-backoff.ts';
import { FakeClock } from './fake-clock.ts';

describe('reconnect back-off', () => {
  let clock: FakeClock;
  let attempts: { at: number; attempt: number; success: boolean }[];

  beforeEach(() => {
    clock = new FakeClock();
    attempts = [];
  });

  const start = (attempt: () => Promise<boolean>, signal = new AbortController().signal) =>
    reconnect({
      clock,
      signal,
      attempt,
      onAttempt: (number, success) => attempts.push({ at: clock.now(), attempt: number, success }),
    });

  it('tries after 2, 4, 8, 16 and 32 s, then gives up', async () => {
    const outcome = start(async () => false);
    await clock.advance(120_000);
    expect(await outcome).toBe('gave-up');
    expect(attempts).toEqual(
      [2000, 6000, 14_000, 30_000, 62_000].map((at, index) => ({ at, attempt: index + 1, success: false })),
    );
  });

  it('keeps that rhythm when an attempt takes a second to fail', async () => {
    const startedAt: number[] = [];
    const outcome = start(async () => {
      startedAt.push(clock.now());
      await pause(clock, 1000);
      return false;
    });
    await clock.advance(120_000);
    await outcome;
    expect(startedAt).toEqual([2000, 6000, 14_000, 30_000, 62_000]);
  });

  it('stops at the first success', async () => {
    let left = 2;
    const outcome = start(async () => {
      left -= 1;
      return left === 0;
    });
    await clock.advance(120_000);
    expect(await outcome).toBe('connected');
    expect(attempts.map(({ success }) => success)).toEqual([false, true]);
  });

  it('can be cancelled between attempts, and then tries no more', async () => {
    const cancel = new AbortController();
    const outcome = start(async () => false, cancel.signal);
    await clock.advance(7000);
    cancel.abort();
    expect(await outcome).toBe('cancelled');
    await clock.advance(120_000);
    expect(attempts).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });
});
