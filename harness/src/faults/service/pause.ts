// service.pause: every process of the service is stopped where it is; its connections stay open and nothing answers.

import type { FaultKind, FaultPorts } from '../../model/faults.ts';
import { processesOf, runningService, type ServiceInput, type ServiceRecord, serviceInput } from './running-service.ts';

export const pauseFault: FaultKind<ServiceInput, ServiceRecord> = {
  key: 'service.pause',
  summary: 'Stop the processes of a service where they are: connections stay open, nothing answers',
  schema: serviceInput,
  describe: ({ service }) => `pause ${service}`,
  prepare: async ({ service }, ports) => runningService(service, ports),
  async inject({ service }, { services }) {
    services.pause(service);
  },
  async prove(record, ports, signal) {
    const { by, stopped, all } = await stoppedOf(record, ports, signal);
    return { holds: all > 0 && stopped === all, by, seen: `${stopped} of ${all} are stopped` };
  },
  async revert({ service }, { services }) {
    services.resume(service);
  },
  async proveReverted(record, ports, signal) {
    const { by, stopped, all } = await stoppedOf(record, ports, signal);
    return { holds: stopped === 0, by, seen: `${stopped} of ${all} are stopped` };
  },
};

async function stoppedOf(
  { service, life }: ServiceRecord,
  { services }: FaultPorts,
  signal: AbortSignal,
): Promise<{ by: string; stopped: number; all: number }> {
  const members = await services.processes(service, life, signal);
  const stopped = members.filter(({ isStopped }) => isStopped).length;
  return { by: processesOf(life), stopped, all: members.length };
}
