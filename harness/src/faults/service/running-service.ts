// The life of a service that a fault is about, as it was before.

import { z } from 'zod';
import { TestcardError } from '../../model/errors.ts';
import type { FaultPorts } from '../../model/faults.ts';

export const serviceInput = z.strictObject({ service: z.string().min(1).describe('A service of the environment') });
export type ServiceInput = z.output<typeof serviceInput>;

export interface ServiceRecord {
  service: string;
  /** Its life then, named by its first process. */
  life: number;
}

export const processesOf = (life: number): string => `the processes of group ${life}`;

const UP = ['ready', 'running', 'starting'];

/** Throws FAULT_UNPROVEN when the service does not run: there would be nothing to see. */
export function runningService(service: string, { services }: FaultPorts): ServiceRecord {
  const { state, pid } = services.status(service);
  if (pid === undefined || !UP.includes(state)) {
    throw new TestcardError('FAULT_UNPROVEN', `service ${service} does not run (${state}): there is nothing to break`);
  }
  return { service, life: pid };
}
