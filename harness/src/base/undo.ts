// A stack of undo actions: each start pushes its undo before or right after it starts; unwinding runs them in reverse.

import type { Clock } from './clock.ts';

export interface UndoFailure {
  name: string;
  error: unknown;
}

export class UndoStack {
  #entries: { name: string; undo: (signal: AbortSignal) => Promise<void> | void }[] = [];

  /** Adds an undo; the function that is returned runs it early (once) and takes it off the stack. */
  push(name: string, undo: (signal: AbortSignal) => Promise<void> | void): (signal?: AbortSignal) => Promise<void> {
    const entry = { name, undo };
    this.#entries.push(entry);
    return async (signal = new AbortController().signal) => {
      const index = this.#entries.indexOf(entry);
      if (index < 0) return;
      this.#entries.splice(index, 1);
      await undo(signal);
    };
  }

  get size(): number {
    return this.#entries.length;
  }

  /**
   * Runs every undo, last first, within `budgetMs` of its own (the work's deadline is not shared: it may be the reason we
   * are here). A failing or hanging undo does not stop the others; all failures are returned.
   */
  async unwind(budgetMs: number, clock: Clock): Promise<UndoFailure[]> {
    const failures: UndoFailure[] = [];
    const startedAt = clock.monotonicMs();
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop()) {
      const { name, undo } = entry;
      const leftMs = Math.max(0, budgetMs - (clock.monotonicMs() - startedAt));
      // Even when earlier undos ate the budget, each later one gets a moment: most are a single kill.
      const shareMs = Math.max(500, leftMs / (this.#entries.length + 1));
      const bound = new AbortController();
      const done = new AbortController();
      try {
        await Promise.race([
          Promise.resolve(undo(bound.signal)),
          clock.delay(shareMs, done.signal).then(() => {
            throw new Error(`did not finish within ${Math.round(shareMs)} ms`);
          }),
        ]);
      } catch (error) {
        failures.push({ name, error });
      } finally {
        bound.abort();
        done.abort();
      }
    }
    return failures;
  }
}
