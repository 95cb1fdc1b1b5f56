// The metrics of the worker, every series present from the start so that "0" and "missing" differ.

import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export const FRAGMENT_STATUSES = ['sent', 'processed', 'fallback'] as const;
export const FALLBACK_REASONS = ['timeout', 'error', 'circuit_open', 'disconnected'] as const;
export const BACKPRESSURE_ACTIONS = ['slow_down', 'pause', 'none'] as const;

export type FallbackReason = (typeof FALLBACK_REASONS)[number];

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const fragments = new Counter({
    name: 'worker_audio_fragments_total',
    help: 'Audio fragments sent to the STS, answered in time with usable audio, or replaced by the original audio.',
    labelNames: ['status'] as const,
    registers,
  });
  const fallbacks = new Counter({
    name: 'worker_fallback_total',
    help: 'Segments published with their original audio, by reason.',
    labelNames: ['reason'] as const,
    registers,
  });
  const backpressureEvents = new Counter({
    name: 'worker_backpressure_events_total',
    help: 'Back-pressure events received from the STS, by the action they ask for.',
    labelNames: ['action'] as const,
    registers,
  });
  addProcessMetrics(registers);
  for (const status of FRAGMENT_STATUSES) fragments.inc({ status }, 0);
  for (const reason of FALLBACK_REASONS) fallbacks.inc({ reason }, 0);
  for (const action of BACKPRESSURE_ACTIONS) backpressureEvents.inc({ action }, 0);
  return {
    registry,
    fragments,
    fallbacks,
    backpressureEvents,
    inflight: new Gauge({
      name: 'worker_inflight_fragments',
      help: 'Fragments sent and not yet answered, timed out or lost.',
      registers,
    }),
    avSyncDelta: new Histogram({
      name: 'worker_av_sync_delta_ms',
      help: 'Distance between the first video PTS of a segment and the nearest audio PTS, as published.',
      buckets: [1, 2, 5, 10, 15, 20, 30, 45, 60, 80, 100, 120, 160, 250, 500, 1000],
      registers,
    }),
    breakerState: new Gauge({
      name: 'worker_sts_breaker_state',
      help: 'Circuit breaker towards the STS: 0 closed, 1 open, 2 half-open.',
      registers,
    }),
    reconnections: new Counter({
      name: 'worker_reconnection_total',
      help: 'Times the connection to the STS was re-established after it had been lost.',
      registers,
    }),
    rtt: new Histogram({
      name: 'worker_sts_rtt_ms',
      help: 'Time from sending a fragment to its answer.',
      buckets: [5, 10, 25, 50, 100, 200, 400, 600, 800, 1000, 1500, 2000, 3000, 5000, 8000],
      registers,
    }),
  };
}

/** The two of Prometheus' standard process metrics that say something about a worker under load; Node's other forty would be scraped in vain. */
function addProcessMetrics(registers: Registry[]): void {
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory size in bytes.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  const started = new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the process since unix epoch in seconds.',
    registers,
  });
  started.set((Date.now() - process.uptime() * 1000) / 1000);
}
