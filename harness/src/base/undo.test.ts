import { describe, expect, it } from 'vitest';
import { fakeClock } from './clock.fake.ts';
import { UndoStack } from './undo.ts';

describe('UndoStack', () => {
  it('undoes in reverse order, and goes on when one undo fails', async () => {
    const clock = fakeClock();
    const done: string[] = [];
    const stack = new UndoStack();
    stack.push('first', () => void done.push('first'));
    stack.push('second', () => {
      throw new Error('stuck');
    });
    stack.push('third', () => void done.push('third'));
    const failures = await clock.run(stack.unwind(10_000, clock));
    expect(done).toEqual(['third', 'first']);
    expect(failures).toMatchObject([{ name: 'second', error: { message: 'stuck' } }]);
    expect(stack.size).toBe(0);
  });

  it('leaves a hanging undo behind within the budget, tells it so, and still runs the others', async () => {
    const clock = fakeClock();
    let told = false;
    const done: string[] = [];
    const stack = new UndoStack();
    stack.push('other', () => void done.push('other'));
    stack.push('hanging', (signal) => {
      signal.addEventListener('abort', () => {
        told = true;
      });
      return new Promise(() => {});
    });
    const failures = await clock.run(stack.unwind(4_000, clock));
    expect(failures.map(({ name }) => name)).toEqual(['hanging']);
    expect(done).toEqual(['other']);
    expect(told).toBe(true);
    expect(clock.monotonicMs()).toBeLessThanOrEqual(4_000);
  });

  it('does not undo again what was undone early', async () => {
    const clock = fakeClock();
    let times = 0;
    const stack = new UndoStack();
    const undo = stack.push('once', () => {
      times += 1;
    });
    await undo();
    await clock.run(stack.unwind(1_000, clock));
    expect(times).toBe(1);
  });
});
