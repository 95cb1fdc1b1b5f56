// The container of a service that a fault is about, as it was before; and whether it is still the same.

import type { ContainerControl } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';
import type { FaultPorts } from '../../model/faults.ts';

/** Plain data. A container that started again has another network namespace and other processes. */
export interface RunningContainer {
  service: string;
  containerId: string;
  startedAt: string;
}

/** Throws RUNTIME_UNSUPPORTED where services are no containers. */
export function containersOf({ containers }: FaultPorts, key: string): ContainerControl {
  if (containers) return containers;
  throw new TestcardError(
    'RUNTIME_UNSUPPORTED',
    `${key} needs a kernel’s help: it can only be asked for on the compose runtime`,
  );
}

/** Throws FAULT_UNPROVEN when it does not run: there would be nothing to see. */
export async function runningContainer(
  service: string,
  containers: ContainerControl,
  signal: AbortSignal,
): Promise<RunningContainer> {
  const { id, status, startedAt } = await containers.inspect(service, signal);
  if (status !== 'running') {
    throw new TestcardError('FAULT_UNPROVEN', `service ${service} does not run (${status}): there is nothing to break`);
  }
  return { service, containerId: id, startedAt };
}

export async function isSameContainer(
  { service, containerId, startedAt }: RunningContainer,
  containers: ContainerControl,
  signal: AbortSignal,
): Promise<boolean> {
  const now = await containers.inspect(service, signal);
  return now.id === containerId && now.startedAt === startedAt && ['running', 'paused'].includes(now.status);
}
