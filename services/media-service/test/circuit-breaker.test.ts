import { beforeEach, describe, expect, it } from 'vitest';
import { type BreakerTransition, CircuitBreaker, type Permit } from '../src/circuit-breaker.ts';
import { FakeClock } from './fake-clock.ts';

const COOLDOWN_MS = 30_000;

describe('circuit breaker', () => {
  let clock: FakeClock;
  let transitions: BreakerTransition[];
  let breaker: CircuitBreaker;

  beforeEach(() => {
    clock = new FakeClock();
    transitions = [];
    breaker = new CircuitBreaker({
      failureThreshold: 5,
      cooldownMs: COOLDOWN_MS,
      clock,
      onTransition: (transition) => transitions.push(transition),
    });
  });

  const acquire = (): Permit => {
    const permit = breaker.tryAcquire();
    if (!permit) throw new Error(`refused while ${breaker.state}`);
    return permit;
  };
  const fail = (times: number): void => {
    for (let count = 0; count < times; count += 1) breaker.failed(acquire(), 'timeout');
  };

  it('stays closed after four consecutive retryable failures', () => {
    fail(4);
    expect(breaker.state).toBe('closed');
    expect(transitions).toEqual([]);
  });

  it('opens at exactly the fifth, naming what triggered it and how many there were', () => {
    fail(4);
    breaker.failed(acquire(), 'gpu_oom');
    expect(transitions).toEqual([{ state: 'open', trigger: 'gpu_oom', failureCount: 5 }]);
    expect(breaker.tryAcquire()).toBeUndefined();
  });

  it('starts counting again after a success', () => {
    fail(4);
    breaker.succeeded(acquire());
    fail(4);
    expect(breaker.state).toBe('closed');
    fail(1);
    expect(breaker.state).toBe('open');
  });

  it('neither counts nor resets on outcomes that say nothing about the STS', () => {
    for (let count = 0; count < 20; count += 1) breaker.released(acquire());
    expect(breaker.state).toBe('closed');
    fail(4);
    breaker.released(acquire());
    expect(breaker.state).toBe('closed');
    fail(1);
    expect(transitions).toEqual([{ state: 'open', trigger: 'timeout', failureCount: 5 }]);
  });

  it('is open for exactly the cooldown, then half-open without anybody asking', async () => {
    fail(5);
    await clock.advance(COOLDOWN_MS - 1);
    expect(breaker.state).toBe('open');
    await clock.advance(1);
    expect(breaker.state).toBe('half-open');
  });

  it('grants exactly one probe when several fragments are ready', async () => {
    fail(5);
    await clock.advance(COOLDOWN_MS);
    const granted = [breaker.tryAcquire(), breaker.tryAcquire(), breaker.tryAcquire()].filter(Boolean);
    expect(granted).toHaveLength(1);
  });

  it('closes when the probe succeeds, and needs five failures to open again', async () => {
    fail(5);
    await clock.advance(COOLDOWN_MS);
    breaker.succeeded(acquire());
    expect(breaker.state).toBe('closed');
    fail(4);
    expect(breaker.state).toBe('closed');
    fail(1);
    expect(breaker.state).toBe('open');
    expect(transitions.map(({ state }) => state)).toEqual(['open', 'half-open', 'closed', 'open']);
  });

  it('opens again for a whole cooldown when the probe fails', async () => {
    fail(5);
    await clock.advance(COOLDOWN_MS);
    breaker.failed(acquire(), 'timeout');
    expect(breaker.state).toBe('open');
    await clock.advance(COOLDOWN_MS - 1);
    expect(breaker.state).toBe('open');
    await clock.advance(1);
    expect(breaker.state).toBe('half-open');
  });

  it('probes again after a probe that proved nothing', async () => {
    fail(5);
    await clock.advance(COOLDOWN_MS);
    const probe = acquire();
    expect(breaker.allows).toBe(false);
    breaker.released(probe);
    expect(breaker.state).toBe('half-open');
    breaker.succeeded(acquire());
    expect(breaker.state).toBe('closed');
  });

  it('is not moved by answers to what was sent before it opened', async () => {
    const early = [acquire(), acquire(), acquire()] as const;
    fail(5);
    breaker.succeeded(early[0]);
    breaker.failed(early[1], 'timeout');
    expect(breaker.state).toBe('open');
    await clock.advance(COOLDOWN_MS);
    const probe = acquire();
    breaker.succeeded(early[2]);
    breaker.released(early[0]);
    breaker.failed(early[1], 'timeout');
    expect(breaker.state).toBe('half-open');
    expect(breaker.tryAcquire()).toBeUndefined();
    breaker.succeeded(probe);
    expect(breaker.state).toBe('closed');
    for (let count = 0; count < 10; count += 1) breaker.failed(early[1], 'timeout');
    expect(breaker.state).toBe('closed');
  });

  it('counts only the failures of one epoch when several in flight fail at once', () => {
    const permits = Array.from({ length: 8 }, acquire);
    for (const permit of permits) breaker.failed(permit, 'timeout');
    expect(transitions).toHaveLength(1);
    expect(clock.pendingTimers).toBe(1);
  });

  it('leaves no timer behind when closed', () => {
    fail(5);
    breaker.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
