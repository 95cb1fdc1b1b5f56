// Tells a worker to slow down: by load (in flight / max_inflight), or because a test driver says so.
// An event is sent only when what stands changes, and one more low/none clears whatever stood.

import type { Thresholds } from './config.ts';
import type { Timers } from './timers.ts';

export interface Pressure {
  severity: 'low' | 'medium' | 'high';
  action: 'slow_down' | 'pause' | 'none';
  recommended_delay_ms?: number;
}

/** Pressure that a driver asks for: at once, or when one of the three triggers comes; until `forMs`, a later setting, or the end. */
export interface ForcedPressure {
  pressure: Pressure;
  afterFragments?: number | undefined;
  afterMs?: number | undefined;
  /** Stands while the load is at least this. */
  atLoad?: number | undefined;
  forMs?: number | undefined;
}

export interface BackPressureSetting {
  /** Whether load makes pressure. */
  enabled: boolean;
  thresholds: Thresholds;
  forced?: ForcedPressure | undefined;
}

const CLEAR: Pressure = { severity: 'low', action: 'none' };

export function pressureAt(load: number, { low, medium, high }: Thresholds): Pressure | undefined {
  if (load >= high) return { severity: 'high', action: 'pause', recommended_delay_ms: 1_000 };
  if (load >= medium) return { severity: 'medium', action: 'slow_down', recommended_delay_ms: 500 };
  if (load >= low) return CLEAR;
  return undefined;
}

const same = (a: Pressure | undefined, b: Pressure | undefined) =>
  a?.severity === b?.severity && a?.action === b?.action && a?.recommended_delay_ms === b?.recommended_delay_ms;

export class BackPressure {
  #setting: BackPressureSetting;
  #load = 0;
  #standing: Pressure | undefined;
  #forcedNow = false;
  #fragmentsToGo = 0;
  #stopTimer = () => {};
  readonly #timers: Timers;
  readonly #send: (pressure: Pressure) => void;

  /** Nothing is sent before `configure` or a change of load. */
  constructor(setting: BackPressureSetting, timers: Timers, send: (pressure: Pressure) => void) {
    this.#setting = { ...setting, forced: undefined };
    this.#timers = timers;
    this.#send = send;
  }

  get setting(): BackPressureSetting {
    return this.#setting;
  }

  configure(setting: BackPressureSetting): void {
    this.#setting = setting;
    this.#stopTimer();
    this.#forcedNow = false;
    const { forced } = setting;
    this.#fragmentsToGo = forced?.afterFragments ?? 0;
    if (forced?.afterMs !== undefined) this.#stopTimer = this.#timers.after(forced.afterMs, () => this.#startForced());
    else if (forced && forced.afterFragments === undefined && forced.atLoad === undefined) this.#startForced();
    this.#settle();
  }

  fragmentTaken(): void {
    if (this.#fragmentsToGo === 0) return;
    this.#fragmentsToGo -= 1;
    if (this.#fragmentsToGo === 0) this.#startForced();
  }

  loadChanged(load: number): void {
    this.#load = load;
    const forced = this.#setting.forced;
    const reached = forced?.atLoad !== undefined && load >= forced.atLoad;
    if (reached && !this.#forcedNow) this.#startForced();
    else if (!reached && forced?.atLoad !== undefined) this.#forcedNow = false;
    this.#settle();
  }

  #startForced(): void {
    const forced = this.#setting.forced;
    if (!forced) return;
    if (forced.pressure.action === 'none') {
      // "none" lets the worker go on: it is said once, always, and leaves nothing standing.
      this.#setting = { ...this.#setting, forced: undefined };
      this.#standing = undefined;
      this.#send(forced.pressure);
      return;
    }
    this.#forcedNow = true;
    if (forced.forMs !== undefined) this.#stopTimer = this.#timers.after(forced.forMs, () => this.#endForced());
    this.#settle();
  }

  #endForced(): void {
    this.#setting = { ...this.#setting, forced: undefined };
    this.#forcedNow = false;
    this.#settle();
  }

  #settle(): void {
    const { enabled, thresholds, forced } = this.#setting;
    const byLoad = enabled ? pressureAt(this.#load, thresholds) : undefined;
    const wanted = this.#forcedNow ? forced?.pressure : byLoad;
    if (same(wanted, this.#standing)) return;
    this.#standing = wanted;
    this.#send(wanted ?? CLEAR);
  }
}
