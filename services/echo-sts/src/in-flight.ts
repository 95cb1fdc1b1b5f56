// Fragments in flight: from `fragment:data` to the worker's own `fragment:ack`.
// One that nobody will acknowledge any more (the worker gave it up after `timeout_ms`) is given up here too, else silence would count as load for ever.

import type { Timers } from './timers.ts';

export class InFlight {
  readonly #giveUp = new Map<string, () => void>();
  readonly #timers: Timers;
  readonly #timeoutMs: number;
  readonly #onGivenUp: (fragmentId: string) => void;

  constructor(timers: Timers, timeoutMs: number, onGivenUp: (fragmentId: string) => void) {
    this.#timers = timers;
    this.#timeoutMs = timeoutMs;
    this.#onGivenUp = onGivenUp;
  }

  get size(): number {
    return this.#giveUp.size;
  }

  has(fragmentId: string): boolean {
    return this.#giveUp.has(fragmentId);
  }

  add(fragmentId: string): void {
    this.#watch(fragmentId);
  }

  /** The answer has gone out: the worker has `timeout_ms` from now to acknowledge it. */
  answered(fragmentId: string): void {
    const stop = this.#giveUp.get(fragmentId);
    if (!stop) return;
    stop();
    this.#watch(fragmentId);
  }

  /** False when the fragment was not in flight: it was acknowledged before, given up, or never seen. */
  release(fragmentId: string): boolean {
    this.#giveUp.get(fragmentId)?.();
    return this.#giveUp.delete(fragmentId);
  }

  #watch(fragmentId: string): void {
    const stop = this.#timers.after(this.#timeoutMs, () => {
      this.#giveUp.delete(fragmentId);
      this.#onGivenUp(fragmentId);
    });
    this.#giveUp.set(fragmentId, stop);
  }
}
