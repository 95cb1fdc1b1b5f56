import { describe, expect, it } from 'vitest';
import { fakeClock } from './clock.fake.ts';
import { poll } from './poll.ts';

describe('poll', () => {
  it('returns the value of the first attempt that is done', async () => {
    const clock = fakeClock();
    let calls = 0;
    const result = await clock.run(
      poll(() => (++calls === 3 ? { done: true, value: 'x' } : { done: false, last: calls }), {
        withinMs: 1_000,
        clock,
      }),
    );
    expect(result).toMatchObject({ ok: true, value: 'x', attempts: 3 });
  });

  it('reports the last thing seen when time runs out, having looked once more at the deadline itself', async () => {
    const clock = fakeClock();
    const looks: number[] = [];
    const result = await clock.run(
      poll(
        () => {
          looks.push(clock.monotonicMs());
          return { done: false, last: `at ${clock.monotonicMs()}` };
        },
        { withinMs: 1_000, clock },
      ),
    );
    expect(result).toMatchObject({ ok: false, why: 'timeout', last: 'at 1000' });
    expect(looks.at(-1)).toBe(1_000);
  });

  it('stops at once when an attempt says that waiting is hopeless', async () => {
    const clock = fakeClock();
    const result = await clock.run(
      poll(() => ({ done: false, last: 11, hopeless: 'already more than 10' }), { withinMs: 60_000, clock }),
    );
    expect(result).toMatchObject({
      ok: false,
      why: 'hopeless',
      reason: 'already more than 10',
      attempts: 1,
      elapsedMs: 0,
    });
  });

  it('bounds the attempt in flight and tells it so through its signal', async () => {
    const clock = fakeClock();
    let seen: AbortSignal | undefined;
    const result = await clock.run(
      poll(
        (signal) => {
          seen = signal;
          return new Promise(() => {});
        },
        { withinMs: 500, clock },
      ),
    );
    expect(result).toMatchObject({ ok: false, why: 'timeout', elapsedMs: 500 });
    expect(seen?.aborted).toBe(true);
  });

  it('rejects with the reason when it is cancelled', async () => {
    const clock = fakeClock();
    const cancel = new AbortController();
    const polling = poll(() => ({ done: false }), { withinMs: 60_000, clock, signal: cancel.signal });
    cancel.abort(new Error('enough'));
    await expect(clock.run(polling)).rejects.toThrow('enough');
  });

  it('lets an error of an attempt through', async () => {
    const clock = fakeClock();
    const failing = poll(
      () => {
        throw new Error('broken');
      },
      { withinMs: 1_000, clock },
    );
    await expect(clock.run(failing)).rejects.toThrow('broken');
  });
});
