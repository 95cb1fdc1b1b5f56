// An environment: the services of a Compose file as Testcard sees them, and the port through which a runtime runs them.

import type { LogLine, ServicesPort } from './ports.ts';
import type { Position } from './position.ts';
import type { ServiceOverride } from './suite.ts';
import type { TimelineEvent } from './timeline.ts';

export interface ServiceSpec {
  name: string;
  /** argv of the embedded runtime (`x-testcard.embedded.run`); undefined when the service cannot run without Docker. */
  run?: string[];
  environment: Record<string, string>;
  /** Added to `environment` on the embedded runtime only (`x-testcard.embedded.environment`). */
  embeddedEnvironment?: Record<string, string>;
  /** Container ports that it listens on, in the order of the Compose file. */
  ports: number[];
  /** Those of `ports` that are UDP only: nothing accepts connections there. */
  udpPorts?: number[];
  dependsOn: { service: string; condition: 'service_started' | 'service_healthy' | 'service_completed_successfully' }[];
  restart: { policy: 'no' | 'always' | 'on-failure' | 'unless-stopped'; maxRetries?: number };
  /** Readiness by HTTP 2xx/3xx at a URL as services see it, or by the Compose health check's command. Without one: its ports accept connections. */
  ready?:
    | { http: string }
    | { command: string[]; intervalMs: number; timeoutMs: number; retries: number; startPeriodMs: number };
  /** Metrics address as services see it. */
  metrics?: string;
  /** Address, as services see it, where media faults can be asked for (`x-testcard.media-faults`). */
  mediaFaults?: string;
  /** Absolute path of the folder that it writes to, when it names one: of this machine (`x-testcard.embedded.data`), or in its container (`x-testcard.data`). */
  dataFolder?: string;
  logs: 'json' | 'text';
  stopGraceMs: number;
  /** Where the Compose file writes the service; specs made by hand have none. */
  position?: Position;
}

export interface EnvironmentSpec {
  /** Absolute path of the Compose file. */
  file: string;
  name: string;
  services: ServiceSpec[];
}

/** A link that a suite may break: between two services, or between something of Testcard's own and a service. */
export interface LinkUse {
  /** Services, the name of a publisher or recording, or `testcard`; the order does not matter. */
  between: [string, string];
  /** Container port; default: every one that is used. */
  port?: number | undefined;
}

export interface StartOptions {
  /** Only these pass through a proxy. Default: none. */
  links?: LinkUse[];
  overrides: Record<string, ServiceOverride>;
  /** Where service logs are written, one file a service. */
  logFolder: string;
  /** Masks secrets in log files and errors. What goes to onLog is as the service wrote it. */
  mask?(text: string): string;
  onLog(line: LogLine): void;
  onEvent(event: TimelineEvent): void;
  signal: AbortSignal;
  /** Default 30 s. */
  readyWithinMs?: number;
  /** Compose files laid over the environment's, absolute: for runtimes that hand them to Compose itself. */
  overrideFiles?: readonly string[];
  /** Written on everything that is made on an engine: the run and the suite. */
  labels?: Readonly<Record<string, string>>;
  /** How long all of it may take, cleaning up included. */
  leaseMs?: number;
}

/** Only something started has `stop`. */
export interface RunningEnvironment extends ServicesPort {
  readonly spec: EnvironmentSpec;
  readonly readyAfterMs: number;
  /**
   * Maps an address as services see it (`rtsp://relay:8554/x`, `http://speech:8080`) to one that this process can reach. Unknown hosts
   * are returned as they are. `as`: the publisher or recording that will connect, whose link may be a proxied one.
   */
  resolve(url: string, as?: string): string;
  /** Brings every service that is not ready back to ready (between cases); `afresh`: all are started again. */
  restore(signal: AbortSignal, afresh?: boolean): Promise<void>;
  /** Stops everything; own bounded time. Never throws for a service that is already gone. */
  stop(signal: AbortSignal): Promise<void>;
}

export interface Runtime {
  readonly name: 'embedded' | 'compose';
  start(spec: EnvironmentSpec, options: StartOptions): Promise<RunningEnvironment>;
}
