// Knows which fragments are out at the STS, how long they have been, and when to stop waiting for one.

import type { CancelTimer, Clock } from './clock.ts';

export interface InflightTrackerOptions<T> {
  limit: number;
  timeoutMs: number;
  clock: Clock;
  /** The fragment is no longer tracked when this is called. */
  onTimeout: (id: string, item: T) => void;
  onSizeChange?: (size: number) => void;
}

interface Entry<T> {
  item: T;
  sentAt: number;
  /** Undefined once answered: an answer has no time limit, but holds its place until released. */
  cancelTimeout: CancelTimer | undefined;
}

export class InflightTracker<T> {
  readonly #options: InflightTrackerOptions<T>;
  readonly #entries = new Map<string, Entry<T>>();
  #limit: number;

  constructor(options: InflightTrackerOptions<T>) {
    this.#options = options;
    this.#limit = options.limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  get hasRoom(): boolean {
    return this.#entries.size < this.#limit;
  }

  /** The server may grant less than configured, never more. */
  limitTo(granted: number): void {
    this.#limit = Math.max(1, Math.min(this.#options.limit, granted));
  }

  /** Starts the time limit of one fragment. */
  add(id: string, item: T): void {
    if (this.#entries.has(id)) throw new Error(`fragment ${id} is already in flight`);
    const cancelTimeout = this.#options.clock.after(this.#options.timeoutMs, () => {
      this.release(id);
      this.#options.onTimeout(id, item);
    });
    this.#entries.set(id, { item, sentAt: this.#options.clock.now(), cancelTimeout });
    this.#options.onSizeChange?.(this.size);
  }

  /**
   * The answer to `id` has come: ends its time limit. Undefined when it is not awaited (late, unknown, answered twice).
   * It stays in flight until `release`, because the server counts it until our acknowledgement.
   */
  answer(id: string): { item: T; elapsedMs: number } | undefined {
    const entry = this.#entries.get(id);
    if (!entry?.cancelTimeout) return undefined;
    entry.cancelTimeout();
    entry.cancelTimeout = undefined;
    return { item: entry.item, elapsedMs: this.#options.clock.now() - entry.sentAt };
  }

  release(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.cancelTimeout?.();
    this.#entries.delete(id);
    this.#options.onSizeChange?.(this.size);
  }

  /** Forgets everything, and returns what was still waiting for its answer, oldest first. */
  dropAll(): T[] {
    const waiting: T[] = [];
    for (const [id, entry] of [...this.#entries]) {
      if (entry.cancelTimeout) waiting.push(entry.item);
      this.release(id);
    }
    return waiting;
  }
}
