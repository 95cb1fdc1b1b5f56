// What the server counts, under the prefix `sts_`, in a registry of its own so that tests can run many servers in one process.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { isErrorCode } from './protocol/error-codes.ts';

const PROCESSING_BUCKETS_MS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'sts_' });
  const metrics = {
    registry,
    connections: new Gauge({ name: 'sts_connections', help: 'Sockets that are open.', registers }),
    sessions: new Gauge({ name: 'sts_sessions', help: 'Worker sessions that are open.', registers }),
    sessionsStarted: new Counter({ name: 'sts_sessions_total', help: 'Worker sessions started.', registers }),
    inFlight: new Gauge({
      name: 'sts_inflight_fragments',
      help: 'Fragments received and not yet acknowledged by their worker, over all sessions.',
      registers,
    }),
    events: new Counter({
      name: 'sts_events_total',
      help: 'Events received and sent; events the protocol does not know are counted as "unknown".',
      labelNames: ['direction', 'event'],
      registers,
    }),
    fragments: new Counter({
      name: 'sts_fragments_total',
      help: 'Fragments by what became of them: received (taken), success, partial, failed, silent, refused.',
      labelNames: ['status'],
      registers,
    }),
    errors: new Counter({
      name: 'sts_errors_total',
      help: 'Errors told to workers, in an error event or in fragment:processed.',
      labelNames: ['code'],
      registers,
    }),
    backPressure: new Counter({
      name: 'sts_backpressure_events_total',
      help: 'Back-pressure events sent.',
      labelNames: ['action'],
      registers,
    }),
    processingMs: new Histogram({
      name: 'sts_processing_ms',
      help: 'From fragment:data to its answer being ready.',
      buckets: PROCESSING_BUCKETS_MS,
      registers,
    }),
    lateAcks: new Counter({
      name: 'sts_late_acks_total',
      help: 'Acknowledgements of fragments that were no longer, or never, in flight.',
      registers,
    }),
    givenUp: new Counter({
      name: 'sts_fragments_given_up_total',
      help: 'Fragments taken out of flight because no acknowledgement came within the timeout of their session.',
      registers,
    }),
  };
  // A counter that has never moved is 0, not absent: checks look at increases from the start.
  for (const status of ['received', 'success', 'partial', 'failed', 'silent', 'refused']) {
    metrics.fragments.inc({ status }, 0);
  }
  for (const action of ['slow_down', 'pause', 'none']) metrics.backPressure.inc({ action }, 0);
  return metrics;
}

/** A code that is not the protocol's comes from a driver: it must not make a new series. */
export const errorLabel = (code: string): string => (isErrorCode(code) ? code : 'other');

export type Metrics = ReturnType<typeof createMetrics>;
