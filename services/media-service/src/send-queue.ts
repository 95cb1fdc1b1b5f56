// Fragments that are cut but not yet sent: decides when the next may go, and which must not wait any longer.

import type { BackPressure } from './back-pressure.ts';
import type { CircuitBreaker, Permit } from './circuit-breaker.ts';
import type { CancelTimer, Clock } from './clock.ts';
import type { EncodedAudio } from './fragment-codec.ts';
import type { FallbackReason } from './metrics.ts';

export interface SendQueueOptions<T> {
  breaker: CircuitBreaker;
  backPressure: BackPressure;
  /** Connected, and fewer in flight than allowed. */
  hasRoom: () => boolean;
  clock: Clock;
  /** How long a fragment may wait here: the picture cannot wait for ever. */
  patienceMs: number;
  onSend: (item: T, encoded: EncodedAudio, permit: Permit) => void;
  /** The fragment will not be sent. `error` is set when it could not be encoded. */
  onRefused: (item: T, reason: FallbackReason, error?: unknown) => void;
}

interface Waiting<T> {
  item: T;
  encoded: EncodedAudio | undefined;
  /** `slow_down` has been waited for. */
  delayPaid: boolean;
  cancelDelay: CancelTimer | undefined;
  cancelPatience: CancelTimer;
}

export class SendQueue<T> {
  readonly #options: SendQueueOptions<T>;
  /** In order. */
  #waiting: Waiting<T>[] = [];

  constructor(options: SendQueueOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.length;
  }

  add(item: T, encoding: Promise<EncodedAudio>): void {
    const entry: Waiting<T> = {
      item,
      encoded: undefined,
      delayPaid: false,
      cancelDelay: undefined,
      cancelPatience: this.#options.clock.after(this.#options.patienceMs, () => this.#refuse(entry, 'timeout')),
    };
    this.#waiting.push(entry);
    encoding.then(
      (encoded) => {
        entry.encoded = encoded;
        this.pump();
      },
      (error: unknown) => {
        this.#refuse(entry, 'error', error);
        this.pump();
      },
    );
  }

  /** Sends what may be sent now. To be called whenever anything that holds a fragment back has changed. */
  pump(): void {
    const { backPressure, breaker, hasRoom, onSend } = this.#options;
    for (;;) {
      const entry = this.#waiting[0];
      if (!entry) return;
      // Whoever the breaker refuses falls back at once, whatever else it waits for.
      if (!breaker.allows) {
        this.#refuse(entry, 'circuit_open');
        continue;
      }
      if (!entry.encoded || backPressure.paused || !hasRoom()) return;
      if (this.#mustSlowDown(entry)) return;
      const permit = breaker.tryAcquire();
      if (!permit) continue;
      this.#remove(entry);
      onSend(entry.item, entry.encoded, permit);
    }
  }

  /** Empties the queue; nothing is sent or refused. */
  dropAll(): T[] {
    const dropped = this.#waiting.map(({ item }) => item);
    for (const entry of [...this.#waiting]) this.#remove(entry);
    return dropped;
  }

  #mustSlowDown(entry: Waiting<T>): boolean {
    const delayMs = this.#options.backPressure.sendDelayMs;
    if (delayMs === 0 || entry.delayPaid) return false;
    entry.cancelDelay ??= this.#options.clock.after(delayMs, () => {
      entry.delayPaid = true;
      this.pump();
    });
    return true;
  }

  #refuse(entry: Waiting<T>, reason: FallbackReason, error?: unknown): void {
    if (this.#remove(entry)) this.#options.onRefused(entry.item, reason, error);
  }

  #remove(entry: Waiting<T>): boolean {
    entry.cancelPatience();
    entry.cancelDelay?.();
    const at = this.#waiting.indexOf(entry);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }
}
