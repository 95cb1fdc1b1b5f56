// A Compose file's model → the model of one run's own project: nothing in it has a fixed name or port, everything bears the run's labels,
// and clients whose links may be broken find a proxy where the server was.

import { type PortTable, rewriteArguments, rewriteEnvironment } from '../../environment/address-map.ts';
import type { EnvironmentSpec, StartOptions } from '../../model/environment.ts';
import { TestcardError } from '../../model/errors.ts';
import type { ComposeModel, ComposeModelService, ComposeResource } from './compose-cli.ts';
import type { Labels } from './labels.ts';
import { LINK_PROXY, type LinkProxyPlan, linkProxyService } from './link-proxy-service.ts';

export interface ProjectPlan {
  project: string;
  labels: Labels;
  /** Service → container port → port published on the engine's machine. */
  published: Readonly<Record<string, Readonly<Record<number, number>>>>;
  /** Address that ports are published on. */
  bindHost: string;
  proxy: LinkProxyPlan | undefined;
}

/** Throws COMPOSE_INVALID for what cannot be one of several on a machine. */
export function projectModel(
  model: ComposeModel,
  spec: EnvironmentSpec,
  { overrides }: Pick<StartOptions, 'overrides'>,
  plan: ProjectPlan,
): ComposeModel {
  const { project, labels, proxy } = plan;
  const services: Record<string, ComposeModelService> = {};
  for (const { name } of spec.services) {
    const service = model.services[name];
    if (!service) throw new TestcardError('INTERNAL', `Compose's own model has no service ${name}`);
    services[name] = serviceOf(name, service, spec, overrides[name]?.environment, plan);
  }
  if (proxy) services[LINK_PROXY] = linkProxyService(proxy, services, plan);
  const resources = (all: ComposeModel['networks']) =>
    Object.fromEntries(
      Object.entries(all ?? {}).map(([key, resource]) => [key, resourceOf(project, key, resource, labels)]),
    );
  return { ...model, name: project, services, networks: resources(model.networks), volumes: resources(model.volumes) };
}

function serviceOf(
  name: string,
  service: ComposeModelService,
  spec: EnvironmentSpec,
  override: Readonly<Record<string, string>> | undefined,
  plan: ProjectPlan,
): ComposeModelService {
  if (
    service.network_mode !== undefined &&
    service.network_mode !== 'none' &&
    !service.network_mode.startsWith('service:')
  ) {
    throw new TestcardError(
      'COMPOSE_INVALID',
      `service ${name} uses network_mode ${service.network_mode}, which two runs cannot both have`,
      {
        hint: 'leave network_mode out: each run gets networks of its own',
        position: spec.services.find((each) => each.name === name)?.position,
      },
    );
  }
  const { container_name: _fixed, depends_on: _ordered, profiles: _chosen, build: _built, ...kept } = service;
  const own = Object.fromEntries(
    Object.entries(service.environment ?? {}).filter((entry): entry is [string, string] => entry[1] !== null),
  );
  const table = seenBy(name, spec, plan.proxy?.links ?? []);
  const { udpPorts: udp = [], ready } = spec.services.find((each) => each.name === name) ?? {};
  return {
    ...kept,
    image: service.image ?? `${spec.name}-${name}`, // as Compose names what it builds
    environment: rewriteEnvironment(name, { ...own, ...override }, table).environment,
    ...(service.command ? { command: rewriteArguments(name, service.command, table) } : {}),
    labels: { ...service.labels, ...plan.labels },
    // Testcard starts again what ends, by the service's own policy: an engine takes a kill for its user's wish, and leaves it down.
    restart: 'no',
    // Testcard asks the address itself: a health check beside it, once a second, would cost what the pipeline needs.
    ...(ready && 'http' in ready ? { healthcheck: { disable: true } } : {}),
    ...(service.network_mode === undefined
      ? {
          ports: Object.entries(plan.published[name] ?? {}).map(([target, published]) => ({
            target: Number(target),
            published: String(published),
            host_ip: plan.bindHost,
            protocol: udp.includes(Number(target)) ? 'udp' : 'tcp',
            mode: 'ingress',
          })),
        }
      : {}),
  };
}

/** Every other service where it is, but for links of this one that pass the proxy. */
function seenBy(client: string, spec: EnvironmentSpec, links: LinkProxyPlan['links']): PortTable {
  const table: Record<string, Record<number, { host: string; port: number }>> = {};
  for (const { name, ports } of spec.services) {
    if (name === client) continue;
    table[name] = Object.fromEntries(ports.map((port) => [port, { host: name, port }]));
  }
  for (const { client: from, server, port, listenPort } of links) {
    const ports = table[server];
    if (from === client && ports) ports[port] = { host: LINK_PROXY, port: listenPort };
  }
  return table;
}

/** What is declared elsewhere stays what it is; all else becomes this run's own. */
function resourceOf(project: string, key: string, resource: ComposeResource | null, labels: Labels): ComposeResource {
  if (resource?.external) return resource;
  return { ...resource, name: `${project}_${key}`, labels: { ...resource?.labels, ...labels } };
}
