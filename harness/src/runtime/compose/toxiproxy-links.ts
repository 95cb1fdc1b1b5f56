// The links of a running project that pass its Toxiproxy, once that answers.

import type Docker from 'dockerode';
import type { Clock } from '../../base/clock.ts';
import { poll } from '../../base/poll.ts';
import { type Endpoint, endpointOf, type PortTable } from '../../environment/address-map.ts';
import { linkName } from '../../environment/links.ts';
import { TestcardError } from '../../model/errors.ts';
import type { Link } from '../../model/faults.ts';
import { type Engine, reasonOf } from './engine.ts';
import {
  LINK_PROXY,
  type LinkProxyPlan,
  linkProxyImage,
  PROXY_API_PORT,
  type ProxiedPlan,
} from './link-proxy-service.ts';
import { watchOpenBytes } from './open-bytes.ts';
import type { SideContainers } from './side-containers.ts';
import { tcpSockets } from './tcp-sockets.ts';

export interface ToxiproxyLinksOptions {
  engine: Engine;
  /** The proxy's container, running. */
  container: Docker.Container;
  plan: LinkProxyPlan;
  tools: SideContainers;
  /** Where this process reaches the services. */
  table: PortTable;
  clock: Clock;
  signal: AbortSignal;
}

const READY_WITHIN_MS = 10_000;
const CALL_WITHIN_MS = 5_000;
const DIRECT_WITHIN_MS = 300;

/** Throws STEP_INCONCLUSIVE when it does not answer or does not take a link. */
export async function openToxiproxyLinks(options: ToxiproxyLinksOptions): Promise<Link[]> {
  const { engine, container, plan, tools, table, clock, signal } = options;
  const published = (port: number): Endpoint => ({ host: engine.host, port: plan.published[port] ?? 0 });
  const { State, NetworkSettings } = await container.inspect();
  const api = published(PROXY_API_PORT);
  await awaitApi(api, clock, signal);
  // Where this machine routes to the containers, links are looked at without the engine's port forwarding in between.
  const ip = Object.values(NetworkSettings.Networks).find(({ IPAddress }) => IPAddress)?.IPAddress;
  const direct = ip === undefined ? undefined : { host: ip, port: PROXY_API_PORT };
  const isDirect = engine.isLocal && direct !== undefined && (await answers(direct, DIRECT_WITHIN_MS));
  await call(api, '/populate', {
    method: 'POST',
    body: JSON.stringify(
      plan.links.map(({ proxyName, listenPort, server, port }) => ({
        name: proxyName,
        listen: `0.0.0.0:${listenPort}`,
        upstream: `${server}:${port}`,
        enabled: true,
      })),
    ),
  });
  return plan.links.map((link) => ({
    ...{ name: linkName(link), client: link.client, server: link.server, port: link.port },
    proxy: {
      api: `http://${api.host}:${api.port}`,
      name: link.proxyName,
      listen: `[::]:${link.listenPort}`,
      upstream: `${link.server}:${link.port}`,
    },
    listen: published(link.listenPort),
    ...(isDirect && ip !== undefined ? { probe: { host: ip, port: link.listenPort } } : {}),
    upstream: endpointOf(table[link.server]?.[link.port] ?? 0),
    isForwarded: !isDirect,
    countConnections: () => countIn(State.Pid, link.listenPort),
    ...(sharesServer(link, plan) ? {} : { watchOpenBytes: openBytesOf(link, tools, container.id) }),
  }));
}

/** Then the proxy's connections to it are of one link or another, and nothing tells which. */
const sharesServer = ({ server, port }: ProxiedPlan, { links }: LinkProxyPlan): boolean =>
  links.filter((other) => other.server === server && other.port === port).length > 1;

const openBytesOf =
  (
    { listenPort, server, port }: ProxiedPlan,
    tools: SideContainers,
    container: string,
  ): NonNullable<Link['watchOpenBytes']> =>
  (forMs, signal) =>
    watchOpenBytes({ tools, container, listenPort, server, serverPort: port }, forMs, signal);

async function awaitApi(api: Endpoint, clock: Clock, signal: AbortSignal): Promise<void> {
  const result = await poll(
    async () => {
      const seen = await call(api, '/version').then(() => undefined, reasonOf);
      return seen === undefined ? { done: true, value: true } : { done: false, last: seen };
    },
    { withinMs: READY_WITHIN_MS, clock, signal, everyMs: 10, maxEveryMs: 100 },
  );
  if (result.ok) return;
  throw new TestcardError(
    'STEP_INCONCLUSIVE',
    `Toxiproxy (${linkProxyImage()}, service ${LINK_PROXY}) does not answer: ${result.last}`,
    {
      hint: 'name another image with TOXIPROXY_IMAGE',
    },
  );
}

const answers = (api: Endpoint, withinMs: number): Promise<boolean> =>
  call(api, '/version', {}, withinMs).then(
    () => true,
    () => false,
  );

async function call(
  { host, port }: Endpoint,
  path: string,
  init: RequestInit = {},
  withinMs = CALL_WITHIN_MS,
): Promise<void> {
  const response = await fetch(`http://${host}:${port}${path}`, { ...init, signal: AbortSignal.timeout(withinMs) });
  const text = await response.text();
  if (response.ok) return;
  throw new TestcardError('STEP_INCONCLUSIVE', `Toxiproxy refused ${path}: ${response.status} ${text.slice(0, 300)}`);
}

/** Open connections to a port in the network namespace of a process of this machine; 0 where they cannot be read. */
async function countIn(pid: number, port: number): Promise<number> {
  const sockets = (await tcpSockets(pid)) ?? [];
  return sockets.filter(({ state, localPort }) => state === 'established' && localPort === port).length;
}
