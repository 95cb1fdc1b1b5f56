// service.pause: every process of the service is stopped where it is; its connections stay open and nothing answers.

import type { FaultKind } from '../../model/faults.ts';
import { groupMembers } from './process-groups.ts';
import { runningService, type ServiceInput, type ServiceRecord, serviceInput } from './running-service.ts';

export const pauseFault: FaultKind<ServiceInput, ServiceRecord> = {
  key: 'service.pause',
  summary: 'Stop the processes of a service where they are: connections stay open, nothing answers',
  schema: serviceInput,
  describe: ({ service }) => `pause ${service}`,
  prepare: async ({ service }, ports) => runningService(service, ports),
  async inject({ service }, { services }) {
    services.pause(service);
  },
  async prove({ group }) {
    const { by, stopped, all } = await stoppedOf(group);
    return { holds: all > 0 && stopped === all, by, seen: `${stopped} of ${all} are stopped` };
  },
  async revert({ service }, { services }) {
    services.resume(service);
  },
  async proveReverted({ group }) {
    const { by, stopped, all } = await stoppedOf(group);
    return { holds: stopped === 0, by, seen: `${stopped} of ${all} are stopped` };
  },
};

async function stoppedOf(group: number): Promise<{ by: string; stopped: number; all: number }> {
  const members = await groupMembers(group);
  const stopped = members.filter(({ state }) => state === 'T').length;
  return { by: `the processes of group ${group}`, stopped, all: members.length };
}
