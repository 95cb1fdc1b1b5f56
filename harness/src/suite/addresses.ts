// Addresses in a suite name services of the environment: `rtsp://relay:8554/live`.

import type { KnownService } from './known.ts';
import { suggestion } from './suggest.ts';

const DEFAULT_PORTS: Record<string, number> = {
  'rtsp:': 554,
  'rtmp:': 1935,
  'http:': 80,
  'https:': 443,
  'ws:': 80,
  'wss:': 443,
};

/** What is wrong with an address as the services see it; undefined when nothing is, or when it leads out of the environment. */
export function addressProblem(
  address: string,
  services: readonly KnownService[] | undefined,
): { message: string; hint?: string | undefined } | undefined {
  const match = /^([a-z][a-z0-9+.-]*:)\/\/(?:[^@/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(?::([^/?#]*))?(?:[/?#]|$)/i.exec(address);
  if (!match) {
    return {
      message: `\`${address}\` is not an address`,
      hint: 'write scheme, service, port and path: rtsp://service:8554/path',
    };
  }
  const [, scheme = '', host = '', portText] = match;
  if (host === '') return { message: `the address \`${address}\` names no host` };
  const port = portText === undefined || portText === '' ? DEFAULT_PORTS[scheme.toLowerCase()] : Number(portText);
  if (
    portText !== undefined &&
    portText !== '' &&
    !(Number.isInteger(port) && (port ?? 0) > 0 && (port ?? 0) < 65_536)
  ) {
    return { message: `\`${portText}\` in \`${address}\` is not a port` };
  }
  if (!services || isOutside(host)) return undefined;
  const service = services.find(({ name }) => name === host);
  const names = services.map(({ name }) => name);
  if (!service) {
    return { message: `unknown service \`${host}\` in \`${address}\``, hint: suggestion(host, names, 'services are') };
  }
  if (service.ports.length === 0 || (port !== undefined && service.ports.includes(port))) return undefined;
  const said = port === undefined ? 'the address names no port' : `${host} does not listen on port ${port}`;
  return { message: `${said}: \`${address}\``, hint: `its ports are ${service.ports.join(', ')}` };
}

/** Hosts with a dot, IP addresses and localhost are nobody's service. */
function isOutside(host: string): boolean {
  return host.includes('.') || host.startsWith('[') || host === 'localhost';
}
