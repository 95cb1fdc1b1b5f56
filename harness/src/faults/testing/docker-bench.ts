// Containers and networks of a test's own on a real engine, with the ContainerControl of the compose runtime. Everything carries labels, and is
// removed with them.

import { randomBytes } from 'node:crypto';
import { systemClock } from '../../base/clock.ts';
import type { ContainerControl, Executed } from '../../model/containers.ts';
import type { FaultPorts } from '../../model/faults.ts';
import { createContainerControl } from '../../runtime/compose/container-control.ts';
import type { Engine } from '../../runtime/compose/engine.ts';
import { labelsOf } from '../../runtime/compose/labels.ts';
import { removeProject } from '../../runtime/compose/remove-project.ts';
import { toolsImage } from '../../runtime/compose/side-containers.ts';
import { engineHere } from '../../runtime/compose/testing/engine-here.ts';

const LEASE_MS = 10 * 60_000;

/** The engine, or undefined with one loud line. */
export function engineFor(what: string): Engine | undefined {
  if (!engineHere) console.warn(`${what}: SKIPPED, no Docker engine with the image ${toolsImage()}`);
  return engineHere;
}

export interface StartOptions {
  /** The first may be given an address, names and a MAC address. */
  networks: string[];
  argv?: string[];
  ipv4?: string;
  mac?: string;
  aliases?: string[];
  user?: string;
  tmpfs?: Record<string, string>;
  memoryBytes?: number;
}

export interface DockerBench {
  containers: ContainerControl;
  /** With everything that a fault on containers asks for, and nothing else. */
  ports: FaultPorts;
  network(name: string, subnet?: string): Promise<void>;
  start(service: string, options: StartOptions): Promise<void>;
  /** Ends and removes a container. */
  remove(service: string): Promise<void>;
  /** A program of the tools image in the network of a service. Throws when it fails. */
  python(service: string, program: string, ...argv: string[]): Promise<string>;
  idOf(service: string): string;
  close(): Promise<void>;
}

export function dockerBench(engine: Engine): DockerBench {
  const { docker } = engine;
  const project = `testcard-bench-${randomBytes(4).toString('hex')}`;
  const labels = labelsOf(project, LEASE_MS);
  const ids = new Map<string, string>();
  const idOf = (service: string): string => {
    const id = ids.get(service);
    if (id === undefined) throw new Error(`no container ${service}`);
    return id;
  };
  const nameOf = (network: string) => `${project}-${network}`;
  const containers = createContainerControl({ engine, project, labels, services: () => [...ids.keys()], idOf });
  return {
    containers,
    ports: { clock: systemClock, containers } as Partial<FaultPorts> as FaultPorts, // all they ask for
    idOf,
    async network(name, subnet) {
      const IPAM = subnet === undefined ? {} : { IPAM: { Config: [{ Subnet: subnet }] } };
      await docker.createNetwork({ Name: nameOf(name), Labels: labels, CheckDuplicate: true, ...IPAM });
    },
    async start(
      service,
      { networks, argv = ['sleep', 'infinity'], ipv4, mac, aliases = [], user, tmpfs, memoryBytes },
    ) {
      const [first = '', ...rest] = networks;
      const container = await docker.createContainer({
        name: `${project}-${service}`,
        Image: toolsImage(),
        Entrypoint: argv.slice(0, 1),
        Cmd: argv.slice(1),
        Labels: labels,
        ...(user === undefined ? {} : { User: user }),
        ...(mac === undefined ? {} : { MacAddress: mac }),
        HostConfig: {
          Init: true,
          NetworkMode: nameOf(first),
          ...(tmpfs ? { Tmpfs: tmpfs } : {}),
          ...(memoryBytes === undefined ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
        },
        NetworkingConfig: {
          EndpointsConfig: {
            [nameOf(first)]: {
              Aliases: [service, ...aliases],
              ...(ipv4 === undefined ? {} : { IPAMConfig: { IPv4Address: ipv4 } }),
            },
          },
        },
      });
      for (const network of rest) {
        await docker.getNetwork(nameOf(network)).connect({
          Container: container.id,
          EndpointConfig: { Aliases: [service] },
        });
      }
      await container.start();
      ids.set(service, container.id);
    },
    async remove(service) {
      await docker.getContainer(idOf(service)).remove({ force: true, v: true });
      ids.delete(service);
    },
    async python(service, program, ...argv) {
      const done: Executed = await containers.netExec(
        service,
        ['python3', '-c', program, ...argv],
        AbortSignal.timeout(60_000),
      );
      if (done.code !== 0) throw new Error(`python3 in ${service}: ${done.stderr}`);
      return done.stdout;
    },
    async close() {
      const left = await removeProject(engine, project);
      if (left.length > 0) throw new Error(left.join('; '));
    },
  };
}
