// The relay's numbers for Prometheus, read from its state when somebody asks; names follow MediaMTX where it has them.

import { Counter, Gauge, Registry } from 'prom-client';
import type { Protocol, RelayContext } from '../core/relay-context.ts';

export interface ConnectionCounts {
  rtsp(): number;
  rtmp(): number;
}

const PROTOCOLS: readonly Protocol[] = ['rtsp', 'rtmp'];

export function createMetrics(context: RelayContext, connections: ConnectionCounts): Registry {
  const registry = new Registry();
  const registers = [registry];
  const perPath = (name: string, help: string, read: (gauge: Gauge<'name' | 'state'>) => void) =>
    new Gauge({
      name,
      help,
      labelNames: ['name', 'state'],
      registers,
      collect() {
        this.reset();
        read(this);
      },
    });
  const labels = (publication: { path: string; stream: unknown }) => ({
    name: publication.path,
    state: publication.stream === undefined ? 'notReady' : 'ready',
  });
  perPath('paths', 'Paths that somebody publishes on, by name and state.', (gauge) => {
    for (const publication of context.paths.publications) gauge.set(labels(publication), 1);
  });
  perPath('paths_readers', 'Readers of a path.', (gauge) => {
    for (const publication of context.paths.publications) {
      const readers = [...(publication.stream?.readers ?? [])].filter((reader) => reader.reading);
      gauge.set(labels(publication), readers.length);
    }
  });
  perPath('paths_bytes_received', 'Media bytes received from the publisher of a path.', (gauge) => {
    for (const publication of context.paths.publications) gauge.set(labels(publication), publication.bytesReceived);
  });
  perPath('paths_bytes_sent', 'Media bytes handed to the readers of a path.', (gauge) => {
    for (const publication of context.paths.publications) {
      gauge.set(labels(publication), publication.stream?.bytesSent ?? 0);
    }
  });
  new Gauge({
    name: 'waiting_readers',
    help: 'Readers that wait for somebody to publish on their path.',
    registers,
    collect() {
      this.set(context.paths.waitingReaders);
    },
  });
  for (const protocol of PROTOCOLS) {
    new Gauge({
      name: `${protocol}_conns`,
      help: `Open ${protocol.toUpperCase()} connections.`,
      registers,
      collect() {
        this.set(connections[protocol]());
      },
    });
  }
  const total = (name: string, help: string, counts: Record<Protocol, number>) =>
    new Counter({
      name,
      help,
      labelNames: ['protocol'],
      registers,
      collect() {
        this.reset();
        for (const protocol of PROTOCOLS) this.inc({ protocol }, counts[protocol]);
      },
    });
  const { connectionsRefused, malformedInputs, readersDropped } = context.counters;
  total('connections_refused_total', 'Connections refused because there were too many.', connectionsRefused);
  total('malformed_inputs_total', 'Connections closed because their peer broke the protocol.', malformedInputs);
  total('readers_dropped_total', 'Readers dropped because they did not keep up.', readersDropped);
  return registry;
}
