import { beforeEach, describe, expect, it } from 'vitest';
import { InflightTracker } from '../src/inflight-tracker.ts';
import { FakeClock } from './fake-clock.ts';

describe('tracker of fragments in flight', () => {
  let clock: FakeClock;
  let timedOut: string[];
  let sizes: number[];
  let tracker: InflightTracker<string>;

  beforeEach(() => {
    clock = new FakeClock();
    timedOut = [];
    sizes = [];
    tracker = new InflightTracker<string>({
      limit: 3,
      timeoutMs: 8000,
      clock,
      onTimeout: (id) => timedOut.push(id),
      onSizeChange: (size) => sizes.push(size),
    });
  });

  it('has room for exactly its limit', () => {
    for (const id of ['a', 'b', 'c']) {
      expect(tracker.hasRoom).toBe(true);
      tracker.add(id, id);
    }
    expect(tracker.hasRoom).toBe(false);
    expect(tracker.size).toBe(3);
  });

  it('gives up a fragment after exactly its time limit, and never before', async () => {
    tracker.add('a', 'A');
    await clock.advance(7999);
    expect(timedOut).toEqual([]);
    await clock.advance(1);
    expect(timedOut).toEqual(['a']);
    expect(tracker.size).toBe(0);
  });

  it('measures from sending to answer', async () => {
    tracker.add('a', 'A');
    await clock.advance(1234);
    expect(tracker.answer('a')).toEqual({ item: 'A', elapsedMs: 1234 });
  });

  it('holds the place of an answered fragment until it is released, however long that takes', async () => {
    tracker.add('a', 'A');
    tracker.answer('a');
    await clock.advance(20_000);
    expect(timedOut).toEqual([]);
    expect(tracker.size).toBe(1);
    tracker.release('a');
    expect(tracker.size).toBe(0);
  });

  it('does not know answers that are late, doubled, or to nothing', async () => {
    tracker.add('a', 'A');
    expect(tracker.answer('a')).toBeDefined();
    expect(tracker.answer('a')).toBeUndefined();
    tracker.add('b', 'B');
    await clock.advance(8000);
    expect(tracker.answer('b')).toBeUndefined();
    expect(tracker.answer('never sent')).toBeUndefined();
  });

  it('drops everything at once, and returns what was still unanswered, oldest first', async () => {
    for (const id of ['a', 'b', 'c']) tracker.add(id, id);
    tracker.answer('b');
    expect(tracker.dropAll()).toEqual(['a', 'c']);
    expect(tracker.size).toBe(0);
    await clock.advance(10_000);
    expect(timedOut).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('reports every change of size and ends at zero', () => {
    tracker.add('a', 'A');
    tracker.add('b', 'B');
    tracker.release('a');
    tracker.release('a');
    tracker.dropAll();
    expect(sizes).toEqual([1, 2, 1, 0]);
  });

  it('takes a smaller grant from the server, never a larger one', () => {
    tracker.limitTo(10);
    for (const id of ['a', 'b', 'c']) tracker.add(id, id);
    expect(tracker.hasRoom).toBe(false);
    tracker.dropAll();
    tracker.limitTo(1);
    tracker.add('d', 'D');
    expect(tracker.hasRoom).toBe(false);
  });

  it('refuses to track the same fragment twice', () => {
    tracker.add('a', 'A');
    expect(() => tracker.add('a', 'A')).toThrow(/already in flight/);
  });
});
