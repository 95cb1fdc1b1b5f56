// Runs the services of an environment as local processes: no Docker, only what the Compose file says under `x-testcard.embedded`.

import { type Clock, systemClock } from '../../base/clock.ts';
import type { EnvironmentSpec, Runtime, StartOptions } from '../../model/environment.ts';
import { TestcardError } from '../../model/errors.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { claimPorts } from '../ownership/claim-ports.ts';
import { processGuard } from '../ownership/guard.ts';
import { refuseUnknownOverrides } from '../supervision/refuse-unknown-overrides.ts';
import { SupervisedEnvironment } from '../supervision/supervised-environment.ts';
import { localServices } from './local-services.ts';
import { openProxiedLinks, type ProxiedLinks } from './proxied-links.ts';
import { refuseTakenPorts } from './refuse-taken-ports.ts';
import { projectRootOf } from './service-command.ts';

export interface EmbeddedRuntimeOptions {
  /** Where relative paths of `run` start; default: see projectRootOf. */
  rootFolder?: string;
  guard?: ProcessGuard;
  clock?: Clock;
}

export interface EmbeddedRuntime extends Runtime {
  readonly name: 'embedded';
  start(spec: EnvironmentSpec, options: StartOptions): Promise<SupervisedEnvironment>;
}

export function createEmbeddedRuntime(options: EmbeddedRuntimeOptions = {}): EmbeddedRuntime {
  const clock = options.clock ?? systemClock;
  const guard = options.guard ?? processGuard();
  const startOnce = async (spec: EnvironmentSpec, start: StartOptions): Promise<SupervisedEnvironment> => {
    const rootFolder = options.rootFolder ?? projectRootOf(spec.file);
    const claims = await claimPorts(spec.services.reduce((sum, { ports }) => sum + ports.length, 0));
    let environment: SupervisedEnvironment;
    let proxied: ProxiedLinks | undefined;
    try {
      const table = portTable(spec, claims.ports);
      proxied = await openProxiedLinks(spec, table, start, { guard, clock });
      const { links, proxy } = proxied;
      environment = new SupervisedEnvironment({
        ...{ spec, table, clock, start, links },
        services: localServices({ spec, table, links, rootFolder, guard, clock, start }),
        refuseTakenPorts: (service) => refuseTakenPorts(service, Object.values(table[service.spec.name] ?? {})),
        ownPids: () => (proxy ? [proxy.pid] : []),
        ...(proxy ? { ownLoss: proxy.ended.then((why) => `Testcard's own link proxy is gone: ${why}`) } : {}),
        async release() {
          await proxy?.stop();
          claims.release();
        },
      });
    } catch (error) {
      claims.release();
      await proxied?.proxy?.stop();
      throw error;
    } finally {
      await claims.letGo();
    }
    await environment.bringUp();
    return environment;
  };
  return {
    name: 'embedded',
    async start(spec, start) {
      refuseUnknownOverrides(spec, start);
      try {
        return await startOnce(spec, start);
      } catch (error) {
        // Somebody took a port in the moment between closing it here and opening it there: once more, on others.
        if (!(error instanceof TestcardError && error.code === 'PORT_TAKEN')) throw error;
        start.signal.throwIfAborted();
        return await startOnce(spec, start);
      }
    },
  };
}

function portTable(spec: EnvironmentSpec, localPorts: number[]): Record<string, Record<number, number>> {
  const left = [...localPorts];
  return Object.fromEntries(
    spec.services.map(({ name, ports }) => [name, Object.fromEntries(ports.map((port) => [port, left.shift() ?? 0]))]),
  );
}
