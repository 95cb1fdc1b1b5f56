// What the engine's machine says of the processes of a service in a container.

import type { ContainerControl } from '../../model/containers.ts';
import type { ServiceProcess } from '../../model/faults.ts';

/** A frozen process waits where it cannot be interrupted (D), of the first generation of control groups; of the second its place tells. */
const FROZEN_STATE = 'D';
const FROZEN_IN = /freez|refrigerator/;

/** Living processes of the life of the container that began with process `life`; none when another has begun. */
export async function containerProcesses(
  containers: ContainerControl,
  service: string,
  life: number,
  signal: AbortSignal,
): Promise<ServiceProcess[]> {
  const { pid, status } = await containers.inspect(service, signal);
  if (pid !== life) return [];
  const all = await containers.processes(service, signal);
  const isPaused = status === 'paused';
  return all
    .filter(({ state }) => !['Z', 'X'].includes(state))
    .map(({ pid: each, state, waitsIn = '' }) => ({
      pid: each,
      // A process may be in D for a moment by itself: it is called frozen only where the engine froze the container.
      isStopped: state === 'T' || (isPaused && (state === FROZEN_STATE || FROZEN_IN.test(waitsIn))),
    }));
}
