// What every connection of every protocol is given: settings, paths, log and counters.

import type { RelayConfig } from '../config.ts';
import type { FaultRegistry } from '../faults/fault-registry.ts';
import type { Log } from './log.ts';
import type { PathRegistry } from './path-registry.ts';

export type Protocol = 'rtsp' | 'rtmp';

export interface RelayCounters {
  connectionsRefused: Record<Protocol, number>;
  malformedInputs: Record<Protocol, number>;
  readersDropped: Record<Protocol, number>;
}

export function newCounters(): RelayCounters {
  return {
    connectionsRefused: { rtsp: 0, rtmp: 0 },
    malformedInputs: { rtsp: 0, rtmp: 0 },
    readersDropped: { rtsp: 0, rtmp: 0 },
  };
}

export interface RelayContext {
  readonly config: RelayConfig;
  readonly paths: PathRegistry;
  readonly faults: FaultRegistry;
  readonly log: Log;
  readonly counters: RelayCounters;
}
