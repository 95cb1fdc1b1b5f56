// Toxiproxy as one more service of a run's project: the links that a suite may break pass it.

import type { PlannedLink } from '../../environment/links.ts';
import type { ComposeModelService } from './compose-cli.ts';
import type { Labels } from './labels.ts';

/** Its name among the services, and the host by which they find it. */
export const LINK_PROXY = 'testcard-links';
export const PROXY_API_PORT = 8474;
const FIRST_LISTEN_PORT = 21_001;
const DEFAULT_IMAGE = 'shopify/toxiproxy:2.12.0';

export interface ProxiedPlan extends PlannedLink {
  /** Of the link's proxy in Toxiproxy's API. */
  proxyName: string;
  /** In the proxy's container. */
  listenPort: number;
}

export interface LinkProxyPlan {
  links: ProxiedPlan[];
  /** Container port → port published on the engine's machine. */
  published: Readonly<Record<number, number>>;
}

export const linkProxyImage = (): string => process.env.TOXIPROXY_IMAGE || DEFAULT_IMAGE;

export const proxiedPlans = (links: readonly PlannedLink[]): ProxiedPlan[] =>
  links.map((link, index) => ({
    ...link,
    proxyName: `${link.client}-${link.server}-${link.port}`,
    listenPort: FIRST_LISTEN_PORT + index,
  }));

export const portsOfProxy = (links: readonly ProxiedPlan[]): number[] => [
  PROXY_API_PORT,
  ...links.map(({ listenPort }) => listenPort),
];

export function linkProxyService(
  { published }: LinkProxyPlan,
  services: Readonly<Record<string, ComposeModelService>>,
  { labels, bindHost }: { labels: Labels; bindHost: string },
): ComposeModelService {
  // It must be found by every client, and find every server.
  const networks = new Set(Object.values(services).flatMap((service) => Object.keys(service.networks ?? {})));
  return {
    image: linkProxyImage(),
    command: ['-host', '0.0.0.0', '-port', String(PROXY_API_PORT), '-proxy-metrics'],
    labels,
    restart: 'no',
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    networks: Object.fromEntries([...networks].map((name) => [name, null])),
    ports: Object.entries(published).map(([target, port]) => ({
      target: Number(target),
      published: String(port),
      host_ip: bindHost,
      protocol: 'tcp',
      mode: 'ingress',
    })),
  };
}
