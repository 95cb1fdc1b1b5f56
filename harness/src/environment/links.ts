// Which TCP links a pair of names means: who connects to whom, at which container port, as the services' own settings say.

import type { EnvironmentSpec, LinkUse, ServiceSpec } from '../model/environment.ts';
import { TestcardError } from '../model/errors.ts';
import type { ServiceOverride } from '../model/suite.ts';
import { rewriteAddresses } from './address-map.ts';

export interface PlannedLink {
  /** A service, or the name of something of Testcard's own (a publisher, a recording, `testcard`). */
  client: string;
  server: string;
  port: number;
}

export type LinksOfUse = { links: PlannedLink[] } | { problem: string; hint: string };

/** The links that a suite's pair means, or what is wrong with it. */
export function linksOfUse(
  { between: [a, b], port }: LinkUse,
  spec: Pick<EnvironmentSpec, 'services'>,
  overrides: Readonly<Record<string, ServiceOverride>> = {},
): LinksOfUse {
  const named = (name: string) => spec.services.find((service) => service.name === name);
  const [first, second] = [named(a), named(b)];
  if (!first && !second) {
    return { problem: `neither ${a} nor ${b} is a service`, hint: `services are ${namesOf(spec)}` };
  }
  const candidates =
    first && second
      ? [...usedPorts(first, second, overrides[a]), ...usedPorts(second, first, overrides[b])]
      : first
        ? first.ports.map((each) => ({ client: b, server: a, port: each }))
        : (second?.ports ?? []).map((each) => ({ client: a, server: b, port: each }));
  const links = candidates.filter((link) => port === undefined || link.port === port);
  const tcp = links.filter((link) => !named(link.server)?.udpPorts?.includes(link.port));
  if (tcp.length > 0) return { links: tcp };
  if (links.length > 0) {
    return {
      problem: `port ${links[0]?.port} of ${links[0]?.server} is UDP, which no proxy can break`,
      hint: 'break a TCP link, or on the compose runtime its packets: `network: { on: …, protocol: udp }`',
    };
  }
  if (port !== undefined && candidates.length > 0) {
    return {
      problem: `there is no link between ${a} and ${b} at port ${port}`,
      hint: `ports: ${candidates.map((link) => link.port).join(', ')}`,
    };
  }
  return {
    problem: `there is no link between ${a} and ${b}`,
    hint: `neither names an address of the other in its environment; links are found there (\`${b}:port\`)`,
  };
}

/** The links that all of these mean, each once. Throws SUITE_INVALID for a pair that has no TCP link. */
export function linksOfUses(
  uses: readonly LinkUse[],
  spec: Pick<EnvironmentSpec, 'services'>,
  overrides: Readonly<Record<string, ServiceOverride>>,
): PlannedLink[] {
  const found = new Map<string, PlannedLink>();
  for (const use of uses) {
    const result = linksOfUse(use, spec, overrides);
    if ('problem' in result) throw new TestcardError('SUITE_INVALID', result.problem, { hint: result.hint });
    for (const link of result.links) found.set(linkName(link), link);
  }
  return [...found.values()];
}

/** `worker → speech:8080` */
export const linkName = ({ client, server, port }: PlannedLink): string => `${client} → ${server}:${port}`;

/** Every link between two services of an environment. */
export function allLinks(spec: Pick<EnvironmentSpec, 'services'>): PlannedLink[] {
  return spec.services.flatMap((client) =>
    spec.services.flatMap((server) =>
      client === server
        ? []
        : usedPorts(client, server, undefined).filter((link) => !server.udpPorts?.includes(link.port)),
    ),
  );
}

/** Ports of `server` that the settings of `client` name. */
function usedPorts(client: ServiceSpec, server: ServiceSpec, override: ServiceOverride | undefined): PlannedLink[] {
  const values = Object.values({ ...client.environment, ...client.embeddedEnvironment, ...override?.environment });
  const texts = [...values, ...(client.run ?? [])];
  const pairs = hostAndPort(client, server);
  const ports = server.ports.filter(
    (port) => pairs.includes(port) || texts.some((text) => namesPort(text, server.name, port)),
  );
  return ports.map((port) => ({ client: client.name, server: server.name, port }));
}

/** Whether the address map would change this text, were the port mapped: the one rule for what an address of a service is. */
function namesPort(text: string, server: string, port: number): boolean {
  return rewriteAddresses(text, { [server]: { [port]: -1 } }).text !== text;
}

/** The pair `X_HOST: server`, `X_PORT: port`. */
function hostAndPort(client: ServiceSpec, server: ServiceSpec): number[] {
  const environment = { ...client.environment, ...client.embeddedEnvironment };
  return Object.entries(environment).flatMap(([key, value]) => {
    const host = environment[key.replace(/PORT$/i, 'HOST')] ?? environment[key.replace(/PORT$/i, 'HOSTNAME')];
    return /PORT$/i.test(key) && host === server.name && /^\d+$/.test(value) ? [Number(value)] : [];
  });
}

const namesOf = (spec: Pick<EnvironmentSpec, 'services'>): string => spec.services.map(({ name }) => name).join(', ');
