// Everything that was observed in a suite that is over, from the events of its timeline.

import type { StoredObservations } from '../model/stored-observations.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { StoredLogs } from './stored-logs.ts';
import { StoredMetrics } from './stored-metrics.ts';
import { StoredServices } from './stored-services.ts';

/** `jsonLogs`: services whose lines are JSON. */
export function storedObservations(
  events: readonly TimelineEvent[],
  { jsonLogs }: { jsonLogs: readonly string[] },
): StoredObservations {
  const metrics = new StoredMetrics();
  const logs = new StoredLogs((service) => jsonLogs.includes(service));
  const services = new StoredServices();
  for (const [index, event] of events.entries()) {
    if (event.type === 'metrics') metrics.add(event, index);
    else if (event.type === 'log') logs.add(event, index);
    else if (event.type === 'service') services.add(event, index);
  }
  return { metrics, logs, services };
}
