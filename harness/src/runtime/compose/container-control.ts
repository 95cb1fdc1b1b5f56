// What an engine does to the containers of a project beyond starting and ending them: the port that kernel-level faults stand on.

import type Docker from 'dockerode';
import type { Attachment, ContainerControl, Executed } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';
import { connectAgain } from './connect-again.ts';
import { limitsOf, setLimits } from './container-limits.ts';
import { containerProcesses } from './container-processes.ts';
import { type Engine, reasonOf } from './engine.ts';
import { execIn } from './exec-in.ts';
import type { Labels } from './labels.ts';
import { SideContainers } from './side-containers.ts';

export interface ContainerControlOptions {
  engine: Engine;
  project: string;
  labels: Labels;
  services(): string[];
  /** Container of a service. */
  idOf(service: string): string;
}

export function createContainerControl({
  engine,
  project,
  labels,
  services,
  idOf,
}: ContainerControlOptions): ContainerControl {
  const { docker } = engine;
  const tools = new SideContainers(engine, project, labels);
  const containerOf = (service: string): Docker.Container => docker.getContainer(idOf(service));
  return {
    engine: engine.title,
    services,
    inspect: (service, signal) =>
      asked(`inspect ${service}`, signal, async () => {
        const { Id, Name, State, RestartCount } = await containerOf(service).inspect();
        return {
          id: Id,
          name: Name.replace(/^\//, ''),
          status: State.Status as Awaited<ReturnType<ContainerControl['inspect']>>['status'],
          pid: State.Pid,
          exitCode: State.ExitCode,
          isOutOfMemory: State.OOMKilled,
          startedAt: State.StartedAt,
          restarts: RestartCount,
        };
      }),
    processes: (service, signal) =>
      asked(`list the processes of ${service}`, signal, () => containerProcesses(containerOf(service), engine)),
    exec: (service, argv, signal) =>
      asked(`run ${argv[0]} in ${service}`, signal, () => execIn(containerOf(service), argv, signal)),
    netExec: (service, argv, signal, stdin): Promise<Executed> =>
      asked(`run ${argv[0]} in the network of ${service}`, signal, async () =>
        execIn(await tools.of(idOf(service), 'network', signal), argv, signal, stdin),
      ),
    netStart: (service, argv, signal) =>
      asked(`start ${argv[0]} in the network of ${service}`, signal, async () =>
        tools.start(idOf(service), argv, signal),
      ),
    fileExec: (service, argv, signal, stdin): Promise<Executed> =>
      asked(`run ${argv[0]} on the files of ${service}`, signal, async () =>
        execIn(await tools.of(idOf(service), 'files', signal), argv, signal, stdin),
      ),
    attachments: (service, signal) =>
      asked(`ask for the networks of ${service}`, signal, async () => {
        const { Id, NetworkSettings } = await containerOf(service).inspect();
        return Object.entries(NetworkSettings.Networks).map(([network, at]): Attachment => {
          const { Aliases, IPAddress, MacAddress } = at as {
            Aliases: string[] | null;
            IPAddress: string;
            MacAddress: string;
          };
          return {
            network,
            // The engine adds the short id by itself.
            aliases: (Aliases ?? []).filter((alias) => alias !== Id.slice(0, 12)),
            ipv4: IPAddress || undefined,
            mac: MacAddress || undefined,
          };
        });
      }),
    disconnect: (service, network, signal) =>
      asked(`disconnect ${service} from ${network}`, signal, async () => {
        await docker.getNetwork(network).disconnect({ Container: idOf(service), Force: false });
      }),
    connect: (service, attachment, signal) =>
      asked(`connect ${service} to ${attachment.network}`, signal, () =>
        connectAgain(engine, containerOf(service), attachment, labels),
      ),
    limits: (service, signal) =>
      asked(`ask for the limits of ${service}`, signal, () => limitsOf(containerOf(service))),
    setLimits: (service, limits, signal) =>
      asked(`limit ${service}`, signal, () => setLimits(containerOf(service), limits)),
  };

  async function asked<T>(what: string, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof TestcardError) throw cause;
      throw new TestcardError('STEP_INCONCLUSIVE', `${engine.title} did not ${what}: ${reasonOf(cause)}`, { cause });
    }
  }
}
