// What the STS last asked of the sender: go on, wait before each send, or send nothing.

export type BackPressureAction = 'slow_down' | 'pause' | 'none';

export interface BackPressureEvent {
  action: BackPressureAction;
  /** Only `slow_down` uses it. */
  recommendedDelayMs?: number | undefined;
}

/** A server that says `slow_down` without a number. */
const DEFAULT_DELAY_MS = 500;
/** Longer than any fragment may wait, so nothing is gained by obeying more. */
const MAX_DELAY_MS = 10_000;

export class BackPressure {
  #paused = false;
  #sendDelayMs = 0;

  get paused(): boolean {
    return this.#paused;
  }

  /** How long to wait before each send. */
  get sendDelayMs(): number {
    return this.#sendDelayMs;
  }

  /** A pause ends only with a later `none`: `slow_down` in between sets the delay but does not lift it. */
  apply(event: BackPressureEvent): void {
    if (event.action === 'none') {
      this.reset();
    } else if (event.action === 'pause') {
      this.#paused = true;
    } else {
      this.#sendDelayMs = Math.min(MAX_DELAY_MS, Math.max(0, event.recommendedDelayMs ?? DEFAULT_DELAY_MS));
    }
  }

  /** A new session starts unburdened. */
  reset(): void {
    this.#paused = false;
    this.#sendDelayMs = 0;
  }
}
