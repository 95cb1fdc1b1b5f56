// A link as a fault's record keeps it: where its proxy is, which directions are meant, and what it had carried before.

import { randomUUID } from 'node:crypto';
import { TestcardError } from '../../model/errors.ts';
import type { FaultPorts, Link } from '../../model/faults.ts';
import { describeTarget, type LinkTarget } from '../../model/network-fault.ts';
import { countConnections } from './count-connections.ts';
import { type LinkCounters, readCounters, STREAMS, type Stream } from './counters.ts';

export interface Endpoint {
  host: string;
  port: number;
}

export interface BrokenLink {
  name: string;
  client: string;
  server: string;
  /** The proxy's API, and the link's name there. */
  api: string;
  proxy: string;
  listen: Endpoint;
  upstream: Endpoint;
  /** Both as the proxy itself has them. */
  bound: { listen: string; upstream: string };
  /** A refused connection to `listen` is seen as one that is closed at once. */
  isForwarded: boolean;
  /** Container port of the server. */
  serverPort: number;
  /** Directions that the fault is about. */
  streams: Stream[];
  /** Those of them that have carried bytes: where an effect can be seen. */
  used: Stream[];
  /** Bytes received and not sent on while nothing was broken: lost with connections that ended, and never to come. */
  behind: Record<Stream, number>;
}

export interface LinkRecord {
  /** Makes the names of its toxics unique. */
  id: string;
  links: BrokenLink[];
}

/** Throws FAULT_UNPROVEN when the plan made no such link breakable, or when nothing has used any of them in a direction that is meant. */
export async function prepareLinks(
  target: LinkTarget,
  { links }: FaultPorts,
  signal: AbortSignal,
): Promise<LinkRecord> {
  const [a, b] = target.between;
  const found = links.between(a, b, target.port);
  if (found.length === 0) {
    throw new TestcardError('FAULT_UNPROVEN', `no TCP link between ${a} and ${b} passes a proxy`, {
      hint: 'only links that were named when the environment was started can be broken',
    });
  }
  const prepared = await Promise.all(found.map((link) => prepareLink(link, target, signal)));
  if (prepared.every(({ used }) => used.length === 0)) {
    const names = prepared.map(({ name }) => name).join(', ');
    const what =
      target.towards === undefined ? 'nothing has used the link' : `nothing was ever sent towards ${target.towards}`;
    throw new TestcardError('FAULT_UNPROVEN', `${what}: ${names} carried no bytes so far`, {
      hint: `break ${describeTarget(target)} once the pipeline uses it: wait for that with \`eventually\``,
    });
  }
  return { id: randomUUID().slice(0, 8), links: prepared };
}

async function prepareLink(link: Link, { towards }: LinkTarget, signal: AbortSignal): Promise<BrokenLink> {
  const { name, client, server, proxy, upstream, port } = link;
  const listen = link.probe ?? link.listen;
  const streams: Stream[] = towards === undefined ? [...STREAMS] : [towards === server ? 'upstream' : 'downstream'];
  const at = { api: proxy.api, proxy: proxy.name };
  const bound = { listen: proxy.listen ?? address(link.listen), upstream: proxy.upstream ?? address(upstream) };
  const first = await readCounters(at, signal);
  // What is on its way through in one moment is not in the next; what is lost is in both.
  const isFlowing = STREAMS.some((stream) => backlog(first, stream) > 0);
  const counters = isFlowing ? await readCounters(at, signal) : first;
  const behindOf = (stream: Stream) => Math.min(backlog(first, stream), backlog(counters, stream));
  const used = streams.filter((stream) => counters[stream].receivedBytes > 0);
  return {
    ...at,
    ...{
      name,
      client,
      server,
      listen,
      upstream,
      bound,
      isForwarded: link.isForwarded ?? false,
      serverPort: port,
      streams,
    },
    used: used.length === 0 && (await isOpenUncounted(link, counters, signal)) ? streams : used,
    behind: { upstream: behindOf('upstream'), downstream: behindOf('downstream') },
  };
}

export const backlog = (counters: LinkCounters, stream: Stream): number =>
  counters[stream].receivedBytes - counters[stream].sentBytes;

/** Toxiproxy itself counts a connection's bytes when it ends: one that is open has used the link all the same. */
async function isOpenUncounted(link: Link, { connections }: LinkCounters, signal: AbortSignal): Promise<boolean> {
  if (connections !== undefined) return false;
  return (await (link.countConnections?.(signal) ?? countConnections(link.listen.port))) > 0;
}

const address = ({ host, port }: Endpoint) => `${host}:${port}`;
