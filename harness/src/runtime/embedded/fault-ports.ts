// What faults can be done to in a running environment (its services, its proxied links, its media-fault API), and where they are noted.

import type { Clock } from '../../base/clock.ts';
import { createStreamLooks } from '../../media/probe/index.ts';
import type { FaultPorts, ServiceControl } from '../../model/faults.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { openFaultLedger } from '../ownership/fault-ledger.ts';
import { processStart } from '../ownership/process-identity.ts';
import { containerProcesses } from '../supervision/container-processes.ts';
import type { SupervisedEnvironment } from '../supervision/supervised-environment.ts';
import { groupMembers } from './process-groups.ts';

export function faultPortsOf(environment: SupervisedEnvironment, clock: Clock, guard?: ProcessGuard): FaultPorts {
  return {
    clock,
    services: controlOf(environment),
    links: environment,
    resolve: (url) => environment.resolve(url),
    mediaFaults(service) {
      const url = environment.spec.services.find(({ name }) => name === service)?.mediaFaults;
      return url === undefined ? undefined : environment.resolve(url);
    },
    dataFolder: (service) => environment.spec.services.find(({ name }) => name === service)?.dataFolder,
    streams: createStreamLooks(guard),
    containers: environment.containers,
  };
}

/** A ledger that knows the processes which a fault in this environment cannot outlive. */
export const faultLedgerOf = (environment: SupervisedEnvironment) =>
  openFaultLedger(() =>
    environment.pids().flatMap((pid) => {
      const start = processStart(pid);
      return start === undefined ? [] : [{ pid, start }];
    }),
  );

function controlOf(environment: SupervisedEnvironment): ServiceControl {
  return {
    status: (service) => environment.status(service),
    kill: (service, signal) => environment.kill(service, signal),
    stop: (service, signal) => environment.stopService(service, signal),
    start: (service, signal) => environment.startService(service, signal),
    pause: (service) => environment.pause(service),
    resume: (service) => environment.resume(service),
    processes: (service, life, signal) =>
      environment.containers ? containerProcesses(environment.containers, service, life, signal) : groupMembers(life),
  };
}
