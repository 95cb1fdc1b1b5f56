// Fragments in flight: from `fragment:data` to the worker's own `fragment:ack`.
// One that nobody will acknowledge any more (the worker gave it up after `timeout_ms`) is given up here too, else silence would count as load for ever.

import type { Timers } from './timers.ts';

interface Entry {
  sequenceNumber: number;
  stopWatching: () => void;
}

export class InFlight {
  readonly #entries = new Map<string, Entry>();
  readonly #timers: Timers;
  readonly #timeoutMs: number;
  readonly #onGivenUp: (fragmentId: string) => void;

  constructor(timers: Timers, timeoutMs: number, onGivenUp: (fragmentId: string) => void) {
    this.#timers = timers;
    this.#timeoutMs = timeoutMs;
    this.#onGivenUp = onGivenUp;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(fragmentId: string): boolean {
    return this.#entries.has(fragmentId);
  }

  sequenceNumberOf(fragmentId: string): number | undefined {
    return this.#entries.get(fragmentId)?.sequenceNumber;
  }

  add(fragmentId: string, sequenceNumber: number): void {
    this.#entries.set(fragmentId, { sequenceNumber, stopWatching: this.#watch(fragmentId) });
  }

  /** The answer has gone out: the worker has `timeout_ms` from now to acknowledge it. */
  answered(fragmentId: string): void {
    const entry = this.#entries.get(fragmentId);
    if (!entry) return;
    entry.stopWatching();
    entry.stopWatching = this.#watch(fragmentId);
  }

  /** False when the fragment was not in flight: it was acknowledged before, given up, or never seen. */
  release(fragmentId: string): boolean {
    this.#entries.get(fragmentId)?.stopWatching();
    return this.#entries.delete(fragmentId);
  }

  #watch(fragmentId: string): () => void {
    return this.#timers.after(this.#timeoutMs, () => {
      this.#entries.delete(fragmentId);
      this.#onGivenUp(fragmentId);
    });
  }
}
