// What was observed in a run that is over, as it stood at any place of its timeline. `seen`: how many events had been written by then.

import type { LogLine, Scrape, ServiceStatus, Window } from './ports.ts';

export interface StoredObservations {
  metrics: {
    services(): string[];
    /** As MetricsPort.history. */
    history(service: string, window: Window, seen: number): Scrape[];
  };
  logs: {
    lines(service: string, window: Window, seen: number): LogLine[];
    dropped(service: string, window: Window | undefined, seen: number): number;
  };
  services: {
    names(): string[];
    status(service: string, seen: number): ServiceStatus;
    history(service: string, window: Window, seen: number): ServiceStatus[];
  };
}
