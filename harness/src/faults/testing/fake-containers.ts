// Containers that are not there, for what faults on them decide: every call can be answered otherwise by a test.

import type { Attachment, ContainerControl, ContainerLimits, ContainerState } from '../../model/containers.ts';

const done = (stdout = '') => ({ code: 0, stdout, stderr: '' });
const unexpected = (what: string) => () => Promise.reject(new Error(`nobody should ask for ${what}`));

/** Two running services, `relay` and `peer`, on one network. */
export function fakeContainers(over: Partial<ContainerControl> = {}): ContainerControl & {
  states: Record<string, ContainerState>;
  networks: Record<string, Attachment[]>;
  limited: Record<string, ContainerLimits>;
} {
  const state = (name: string, pid: number): ContainerState => ({
    ...{ id: `id-${name}`, name, status: 'running', pid, exitCode: 0, isOutOfMemory: false },
    ...{ startedAt: '2026-01-01T00:00:00Z', restarts: 0 },
  });
  const attachment = (name: string, ipv4: string): Attachment => ({
    ...{ network: 'net', aliases: [name], ipv4, mac: '02:42:0a:00:00:01' },
  });
  const states: Record<string, ContainerState> = { relay: state('relay', 100), peer: state('peer', 200) };
  const networks: Record<string, Attachment[]> = {
    relay: [attachment('relay', '10.0.0.2')],
    peer: [attachment('peer', '10.0.0.3')],
  };
  const limited: Record<string, ContainerLimits> = {};
  const of = <T>(all: Record<string, T>, service: string): T => {
    const found = all[service];
    if (!found) throw new Error(`no service ${service}`);
    return found;
  };
  return {
    ...{ states, networks, limited, engine: 'none' },
    services: () => Object.keys(states),
    inspect: async (service) => of(states, service),
    processes: unexpected('processes'),
    exec: unexpected('exec'),
    netExec: async (service, argv) => {
      if (argv[0] !== 'ip') return done();
      return done(JSON.stringify([{ ifname: 'eth0', addr_info: [{ local: of(networks, service)[0]?.ipv4 }] }]));
    },
    netStart: unexpected('netStart'),
    fileExec: unexpected('fileExec'),
    attachments: async (service) => of(networks, service),
    async disconnect(service, network) {
      networks[service] = of(networks, service).filter((each) => each.network !== network);
    },
    async connect(service, attached) {
      of(networks, service).push(attached);
    },
    limits: async (service) => limited[service] ?? { memoryBytes: 0, cpus: 0 },
    async setLimits(service, limits) {
      limited[service] = limits;
    },
    ...over,
  };
}

export { done };
