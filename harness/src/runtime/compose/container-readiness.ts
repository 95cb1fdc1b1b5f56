// Whether a service in a container is ready: by its HTTP address, by the engine's health checks, or by its ports.

import type Docker from 'dockerode';
import { type PortTable, rewriteAddresses } from '../../environment/address-map.ts';
import type { ServiceSpec } from '../../model/environment.ts';
import { httpProbe, portsProbe, type ReadinessProbe } from '../supervision/readiness.ts';
import { reasonOf } from './engine.ts';
import { tcpSockets } from './tcp-sockets.ts';

/** An engine's forwarder accepts before it knows whether anybody listens behind it, and closes when nobody does. */
const STAYS_OPEN_MS = 300;

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
  const byConnecting = portsProbe(spec, table, STAYS_OPEN_MS);
  return byConnecting && listenProbe(spec, container, byConnecting);
}

/** Where this machine's kernel can be asked who listens in the container it is; elsewhere by connecting, once the container runs. */
function listenProbe(spec: ServiceSpec, container: Docker.Container, byConnecting: ReadinessProbe): ReadinessProbe {
  const ports = spec.ports.filter((port) => !spec.udpPorts?.includes(port));
  return {
    ...byConnecting,
    async attempt(signal) {
      try {
        const { State } = await container.inspect();
        if (!State.Running) return `its container is ${State.Status}`;
        const sockets = await tcpSockets(State.Pid);
        if (!sockets) return await byConnecting.attempt(signal);
        const silent = ports.find(
          (port) => !sockets.some((socket) => socket.state === 'listen' && socket.localPort === port),
        );
        return silent === undefined ? undefined : `port ${silent}: nobody listens`;
      } catch (error) {
        return `the engine cannot be asked: ${reasonOf(error)}`;
      }
    },
  };
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
