// Stops asking a failing STS: closed → open after consecutive retryable failures → half-open after a cooldown → one probe.

import type { CancelTimer, Clock } from './clock.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

export const BREAKER_STATE_VALUES: Record<BreakerState, number> = { closed: 0, open: 1, 'half-open': 2 };

/** Leave to send one fragment. An outcome reported with a permit of an earlier state changes nothing. */
export interface Permit {
  readonly epoch: number;
}

export interface BreakerTransition {
  state: BreakerState;
  /** The last failure's kind, for a transition to `open`. */
  trigger?: string;
  failureCount: number;
}

export interface CircuitBreakerOptions {
  /** Consecutive retryable failures that open the breaker. */
  failureThreshold: number;
  cooldownMs: number;
  clock: Clock;
  onTransition?: (transition: BreakerTransition) => void;
}

export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #state: BreakerState = 'closed';
  // Every transition starts a new epoch: answers to what was sent before it are history.
  #epoch = 0;
  #failureCount = 0;
  #probing = false;
  #cancelCooldown: CancelTimer | undefined;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether `tryAcquire` would grant a permit now. */
  get allows(): boolean {
    return this.#state === 'closed' || (this.#state === 'half-open' && !this.#probing);
  }

  /** Leave to send, or undefined: open, or half-open with its one probe out. Every permit must be answered for. */
  tryAcquire(): Permit | undefined {
    if (!this.allows) return undefined;
    if (this.#state === 'half-open') this.#probing = true;
    return { epoch: this.#epoch };
  }

  succeeded(permit: Permit): void {
    if (permit.epoch !== this.#epoch) return;
    this.#failureCount = 0;
    if (this.#state === 'half-open') this.#enter('closed');
  }

  /** A retryable failure: an error the STS marked so, or silence. `trigger` names it in the log. */
  failed(permit: Permit, trigger: string): void {
    if (permit.epoch !== this.#epoch) return;
    this.#failureCount += 1;
    if (this.#state === 'half-open' || this.#failureCount >= this.#options.failureThreshold) {
      this.#enter('open', trigger);
    }
  }

  /**
   * The fragment ended in a way that says nothing about whether the STS works: a non-retryable error, or a lost
   * connection. Neither counts nor resets; a half-open breaker may probe again.
   */
  released(permit: Permit): void {
    if (permit.epoch === this.#epoch) this.#probing = false;
  }

  /** Stops the cooldown timer. */
  close(): void {
    this.#cancelCooldown?.();
  }

  #enter(state: BreakerState, trigger?: string): void {
    this.#state = state;
    this.#epoch += 1;
    this.#probing = false;
    this.#cancelCooldown?.();
    this.#cancelCooldown = undefined;
    if (state === 'open') {
      this.#cancelCooldown = this.#options.clock.after(this.#options.cooldownMs, () => this.#enter('half-open'));
    }
    const failureCount = this.#failureCount;
    if (state === 'closed') this.#failureCount = 0;
    this.#options.onTransition?.({ state, failureCount, ...(trigger === undefined ? {} : { trigger }) });
  }
}
