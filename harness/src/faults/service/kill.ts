// service.kill: a signal to the whole process group, as the kernel's out-of-memory killer or an operator would send.

import { constants } from 'node:os';
import { z } from 'zod';
import type { FaultKind } from '../../model/faults.ts';
import { processesOf, runningService, type ServiceRecord, serviceInput } from './running-service.ts';

const schema = serviceInput.extend({
  signal: z
    .string()
    .refine((name) => Object.hasOwn(constants.signals, name), { error: 'a signal by name, such as SIGKILL or SIGTERM' })
    .default('SIGKILL')
    .describe('Default SIGKILL'),
});

interface KillRecord extends ServiceRecord {
  signal: NodeJS.Signals;
}

export const killFault: FaultKind<z.output<typeof schema>, KillRecord> = {
  key: 'service.kill',
  summary: 'Send a signal to all processes of a service; its restart policy applies',
  schema,
  describe: ({ service, signal }) => `kill ${service} with ${signal}`,
  prepare: async ({ service, signal }, ports) => ({
    ...runningService(service, ports),
    signal: signal as NodeJS.Signals,
  }),
  async inject({ service, signal }, { services }) {
    services.kill(service, signal);
  },
  async prove({ service, life, signal }, { services }, abort) {
    const members = await services.processes(service, life, abort);
    const by = processesOf(life);
    // Its state must have followed too, or the next step would see a service that seems never to have gone.
    if (members.length === 0 && services.status(service).pid !== life) return { holds: true, by, seen: 'none is left' };
    return { holds: false, by, seen: `${members.length} still run after ${signal}` };
  },
  // A service may take its time over any signal but SIGKILL.
  provableWithinMs: ({ signal }) => (signal === 'SIGKILL' ? 2_000 : 15_000),
};
