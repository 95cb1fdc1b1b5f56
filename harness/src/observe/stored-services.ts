// The states of services in a run that is over, as they were at any place of its timeline.

import type { ServiceState, ServiceStatus, Window } from '../model/ports.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { firstIndex } from './stored-metrics.ts';

type ServiceEvent = Extract<TimelineEvent, { type: 'service' }>;

interface Stored {
  states: ServiceStatus[];
  /** Place on the timeline of each. */
  at: number[];
}

export class StoredServices {
  #services = new Map<string, Stored>();

  /** `index`: how many events stood on the timeline before it. */
  add(event: ServiceEvent, index: number): void {
    const stored = this.#services.get(event.service) ?? { states: [], at: [] };
    this.#services.set(event.service, stored);
    const { service, state, exitCode, signal, restarts, pid, isDown, sinceMs = event.atMs } = event;
    stored.states.push({
      service,
      state: state as ServiceState, // as the runtime wrote it
      exitCode,
      signal,
      restarts,
      sinceMs,
      pid,
      isDown,
    });
    stored.at.push(index);
  }

  names(): string[] {
    return [...this.#services.keys()];
  }

  status(service: string, seen: number): ServiceStatus {
    return this.#known(service, seen).at(-1) ?? { service, state: 'waiting', restarts: 0, sinceMs: 0 };
  }

  /** Its state at the start of the window and every one since. */
  history(service: string, { fromMs, toMs = Number.POSITIVE_INFINITY }: Window, seen: number): ServiceStatus[] {
    const states = this.#known(service, seen).filter(({ sinceMs }) => sinceMs <= toMs);
    const before = states.findLastIndex(({ sinceMs }) => sinceMs <= fromMs);
    return states.slice(Math.max(0, before));
  }

  #known(service: string, seen: number): ServiceStatus[] {
    const stored = this.#services.get(service);
    if (!stored) return [];
    return stored.states.slice(
      0,
      firstIndex(stored.at.length, (index) => (stored.at[index] ?? 0) >= seen),
    );
  }
}
