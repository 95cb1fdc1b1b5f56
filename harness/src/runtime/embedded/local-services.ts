// The services of an environment as local processes.

import type { Clock } from '../../base/clock.ts';
import type { PortTable } from '../../environment/address-map.ts';
import type { EnvironmentSpec, StartOptions } from '../../model/environment.ts';
import type { Link } from '../../model/faults.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { openLogFile } from '../supervision/log-file.ts';
import { serviceEvent } from '../supervision/service-event.ts';
import { tableSeenBy } from '../supervision/supervised-environment.ts';
import { SupervisedService } from '../supervision/supervised-service.ts';
import { readinessProbe } from './local-readiness.ts';
import { serviceCommand } from './service-command.ts';
import { startServiceProcess } from './service-process.ts';

export interface LocalServicesOptions {
  spec: EnvironmentSpec;
  table: PortTable;
  links: Link[];
  rootFolder: string;
  guard: ProcessGuard;
  clock: Clock;
  start: StartOptions;
}

export function localServices(options: LocalServicesOptions): SupervisedService[] {
  const { spec, table, links, rootFolder, guard, clock, start } = options;
  // All commands first: what is wrong with one is said before a log file of another is made.
  const commands = spec.services.map((service) => ({
    service,
    command: serviceCommand(
      service,
      tableSeenBy(service.name, table, links),
      rootFolder,
      start.overrides[service.name],
    ),
  }));
  return commands.map(
    ({ service, command }) =>
      new SupervisedService({
        spec: service,
        launch: (onLine) => startServiceProcess(command, guard, onLine),
        probe: readinessProbe(service, table, command, guard),
        logFile: openLogFile(start.logFolder, service.name, start.mask ? { mask: start.mask } : {}),
        mask: start.mask,
        clock,
        onLog: (line) => start.onLog(line),
        onState: (status) => start.onEvent(serviceEvent(status, clock.nowMs())),
      }),
  );
}
