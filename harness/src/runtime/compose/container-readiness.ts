// Whether a service in a container is ready: by its HTTP address, by the engine's health checks, or by its ports.

import type Docker from 'dockerode';
import { type PortTable, rewriteAddresses } from '../../environment/address-map.ts';
import type { ServiceSpec } from '../../model/environment.ts';
import { httpProbe, portsProbe, type ReadinessProbe } from '../supervision/readiness.ts';
import { reasonOf } from './engine.ts';

/** An engine's forwarder accepts before it knows whether anybody listens behind it, and closes at once when nobody does. */
const STAYS_OPEN_MS = 50;

/** `hasHealthcheck`: the image or the Compose file has one. Undefined for a service that has nothing to ask. */
export function containerReadiness(
  spec: ServiceSpec,
  table: PortTable,
  container: Docker.Container,
  hasHealthcheck: boolean,
): ReadinessProbe | undefined {
  const { ready } = spec;
  if (ready && 'http' in ready) return httpProbe(ready.http, rewriteAddresses(ready.http, table).text);
  if (ready || hasHealthcheck) return healthProbe(container);
  return portsProbe(spec, table, STAYS_OPEN_MS);
}

function healthProbe(container: Docker.Container): ReadinessProbe {
  return {
    async attempt() {
      try {
        const { State } = await container.inspect();
        if (State.Health?.Status === 'healthy') return undefined;
        const last = State.Health?.Log?.at(-1);
        const words = last?.Output?.trim().split('\n').at(-1)?.slice(0, 200);
        return `health check: ${State.Health?.Status ?? 'none'}${words ? ` (${words})` : ''}`;
      } catch (error) {
        return `the engine cannot be asked: ${reasonOf(error)}`;
      }
    },
    everyMs: 50,
    maxEveryMs: 200,
  };
}
