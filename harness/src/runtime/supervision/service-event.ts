// The state of a service as the timeline keeps it.

import type { ServiceStatus } from '../../model/ports.ts';
import type { TimelineEvent } from '../../model/timeline.ts';

/** Everything that a check may ask of it: what is left out here cannot be judged again later. */
export function serviceEvent(status: ServiceStatus, atMs: number): TimelineEvent {
  return { type: 'service', atMs, ...status };
}
