// service.stop: ended as its Compose entry says, and kept down until it is started again.

import type { FaultKind } from '../../model/faults.ts';
import { processesOf, runningService, type ServiceInput, type ServiceRecord, serviceInput } from './running-service.ts';

const READY_WITHIN_MS = 30_000;

export const stopFault: FaultKind<ServiceInput, ServiceRecord> = {
  key: 'service.stop',
  summary: 'End a service as its Compose entry says; it stays down until the fault is reverted',
  schema: serviceInput,
  describe: ({ service }) => `stop ${service}`,
  prepare: async ({ service }, ports) => runningService(service, ports),
  inject: ({ service }, { services }, signal) => services.stop(service, signal),
  async prove({ service, life }, { services }, signal) {
    const members = await services.processes(service, life, signal);
    const seen = members.length === 0 ? 'none is left' : `${members.length} still run`;
    return { holds: members.length === 0, by: processesOf(life), seen };
  },
  revert: ({ service }, { services }, signal) => services.start(service, signal),
  async proveReverted({ service }, { services }, signal) {
    const { state, pid } = services.status(service);
    const members = pid === undefined ? [] : await services.processes(service, pid, signal);
    const holds = members.length > 0 && ['ready', 'running'].includes(state);
    return { holds, by: `service ${service}`, seen: `${state}, ${members.length} processes` };
  },
  revertedWithinMs: () => READY_WITHIN_MS,
};
