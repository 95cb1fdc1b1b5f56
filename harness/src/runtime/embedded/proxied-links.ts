// The links that a plan may break, each through a proxy of its own; an environment without such links has no proxy process.

import type { Clock } from '../../base/clock.ts';
import { LOCAL_HOST } from '../../environment/address-map.ts';
import { linkName, linksOfUses } from '../../environment/links.ts';
import type { EnvironmentSpec, StartOptions } from '../../model/environment.ts';
import type { Link } from '../../model/faults.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { startLinkProxy } from './link-proxy/start-link-proxy.ts';

/** The process that carries the links. */
export interface ProxyProcess {
  pid: number;
  /** Resolves with the reason when it is gone without having been stopped. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

export interface ProxiedLinks {
  links: Link[];
  proxy: ProxyProcess | undefined;
}

/** Throws SUITE_INVALID for a pair that has no TCP link. */
export async function openProxiedLinks(
  spec: EnvironmentSpec,
  table: Readonly<Record<string, Readonly<Record<number, number>>>>,
  start: StartOptions,
  { guard, clock }: { guard: ProcessGuard; clock: Clock },
): Promise<ProxiedLinks> {
  const planned = linksOfUses(start.links ?? [], spec, start.overrides);
  if (planned.length === 0) return { links: [], proxy: undefined };
  const proxy = await startLinkProxy({ guard, clock, signal: start.signal });
  try {
    const links = await Promise.all(
      planned.map(async (link): Promise<Link> => {
        const name = `${link.client}-${link.server}-${link.port}`;
        const upstream = { host: LOCAL_HOST, port: table[link.server]?.[link.port] ?? 0 };
        const listen = await proxy.addProxy({ name, upstreamHost: upstream.host, upstreamPort: upstream.port });
        return {
          ...link,
          name: linkName(link),
          proxy: { api: proxy.api, name },
          listen,
          upstream,
        };
      }),
    );
    return { links, proxy };
  } catch (error) {
    await proxy.stop();
    throw error;
  }
}
