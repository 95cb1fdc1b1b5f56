// Addresses as services see them (`rtsp://relay:8554/x`) → addresses on this machine (`rtsp://127.0.0.1:23456/x`).

import { nearest } from '../base/nearest-name.ts';
import type { EnvironmentSpec, ServiceSpec } from '../model/environment.ts';
import { TestcardError } from '../model/errors.ts';
import { didYouMean } from './did-you-mean.ts';

export interface Endpoint {
  host: string;
  port: number;
}

/** Where something is reached: a port of this machine, or an endpoint elsewhere. */
export type Reached = number | Endpoint;

/** Service → container port → where it is reached. */
export type PortTable = Readonly<Record<string, Readonly<Record<number, Reached>>>>;

export interface Rewritten {
  text: string;
  /** Ports that a service does not declare, one line each; those places of the text are left as they are. */
  problems: { message: string; hint: string }[];
}

/** For URLs without a port. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  http: 80,
  ws: 80,
  https: 443,
  wss: 443,
  rtsp: 554,
  rtmp: 1935,
  redis: 6379,
  amqp: 5672,
  mqtt: 1883,
};

export const LOCAL_HOST = '127.0.0.1';

export const endpointOf = (reached: Reached): Endpoint =>
  typeof reached === 'number' ? { host: LOCAL_HOST, port: reached } : reached;

/** `127.0.0.1:23456` */
export function addressOf(reached: Reached): string {
  const { host, port } = endpointOf(reached);
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Maps `service:port` wherever it stands in a text, and URLs whose host is a service. Other hosts stay. `own`: the service whose `localhost:port` this is. */
export function rewriteAddresses(text: string, table: PortTable, own?: string): Rewritten {
  const problems: Rewritten['problems'] = [];
  const names = Object.keys(table).sort((a, b) => b.length - a.length);
  if (names.length === 0) return { text, problems };
  const lookUp = (service: string, port: number, otherwise: string, how = ''): string => {
    const local = table[service]?.[port];
    if (local !== undefined) return addressOf(local);
    const declared = Object.keys(table[service] ?? {});
    const has = declared.length > 0 ? `it declares ${declared.join(', ')}` : 'it declares none';
    problems.push({
      message: `service ${service} has no port ${port}${how}`,
      hint: `${has}; add "${port}" to its ports in the Compose file, or correct the address`,
    });
    return otherwise;
  };
  const host = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  // A host stands at the start, after `//`, or after something that cannot be part of a name; a single `/` makes it a path.
  const withPort = new RegExp(`(?<![\\w.-]|(?<!/)/)(${host}):(\\d{1,5})(?![\\w@-]|\\.\\w)`, 'g');
  const withoutPort = new RegExp(`\\b([a-z][a-z0-9+.]*)://([^\\s/@"']*@)?(${host})(?![\\w:-]|\\.\\w)`, 'gi');
  let result = text.replace(withPort, (whole, service: string, port: string) => lookUp(service, Number(port), whole));
  result = result.replace(withoutPort, (whole, scheme: string, user: string | undefined, service: string) => {
    const port = DEFAULT_PORTS[scheme.toLowerCase()];
    if (port === undefined) return whole;
    const mapped = lookUp(service, port, '', ` (the default of ${scheme})`);
    return mapped === '' ? whole : `${scheme}://${user ?? ''}${mapped}`;
  });
  if (own !== undefined) result = rewriteOwnAddresses(result, table[own] ?? {});
  return { text: result, problems };
}

/** `0.0.0.0:8080`, `localhost:8080`, and a whole value `:8080`, for ports that the service itself declares. */
function rewriteOwnAddresses(text: string, ports: Readonly<Record<number, Reached>>): string {
  const local = (whole: string, port: string) => {
    const mapped = ports[Number(port)];
    return mapped === undefined ? whole : addressOf(mapped);
  };
  return text
    .replace(/(?<![\w.-])(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):(\d{1,5})(?!\w)/g, local)
    .replace(/^:(\d{1,5})$/, local);
}

const LISTENS = /PORT|LISTEN|BIND|ADDR/i;

/**
 * The environment of a service as a local process needs it: addresses mapped; a value that is one of its own container ports and
 * whose key says so (PORT, LISTEN, BIND, ADDR) too; and the pair `X_HOST: service`, `X_PORT: port`.
 */
export function rewriteEnvironment(
  service: string,
  environment: Readonly<Record<string, string>>,
  table: PortTable,
): { environment: Record<string, string>; problems: (Rewritten['problems'][number] & { key: string })[] } {
  const found: Record<string, string> = {};
  const problems: (Rewritten['problems'][number] & { key: string })[] = [];
  for (const [key, value] of Object.entries(environment)) {
    const rewritten = rewriteAddresses(value, table, service);
    found[key] = rewritten.text;
    problems.push(...rewritten.problems.map((problem) => ({ ...problem, key })));
    const ownPort = table[service]?.[Number(value)];
    if (/^\d+$/.test(value) && ownPort !== undefined && LISTENS.test(key))
      found[key] = String(endpointOf(ownPort).port);
  }
  for (const [key, value] of Object.entries(environment)) {
    const portKey = key.replace(/HOST(NAME)?$/i, (word) => (word === word.toLowerCase() ? 'port' : 'PORT'));
    const port = environment[portKey];
    if (portKey === key || port === undefined || !Object.hasOwn(table, value)) continue;
    const local = table[value]?.[Number(port)];
    if (local === undefined) continue;
    found[key] = endpointOf(local).host;
    found[portKey] = String(endpointOf(local).port);
  }
  return { environment: found, problems };
}

/** Command-line arguments: addresses, `--port 8080` and `--port=8080`. */
export function rewriteArguments(service: string, argv: readonly string[], table: PortTable): string[] {
  const own = (port: string, otherwise: string) => {
    const local = table[service]?.[Number(port)];
    return local === undefined ? otherwise : String(endpointOf(local).port);
  };
  return argv.map((word, index) => {
    const before = argv[index - 1] ?? '';
    if (/^\d+$/.test(word) && /^-.*port$/i.test(before)) return own(word, word);
    const option = /^(-[\w-]*port=)(\d+)$/i.exec(word);
    if (option) return `${option[1]}${own(option[2] ?? '', option[2] ?? '')}`;
    return rewriteAddresses(word, table, service).text;
  });
}

/** Maps an address as services see it. Unknown hosts stay. Throws SUITE_INVALID when a known service does not declare the port. */
export function resolveAddress(url: string, table: PortTable): string {
  const { text, problems } = rewriteAddresses(url, table);
  const [problem] = problems;
  if (problem) throw new TestcardError('SUITE_INVALID', problem.message, { hint: problem.hint });
  return text;
}

/** Every declared port mapped to itself: for checking addresses before anything runs. */
export function declaredPorts(services: readonly ServiceSpec[]): PortTable {
  return Object.fromEntries(
    services.map(({ name, ports }) => [name, Object.fromEntries(ports.map((port) => [port, port]))]),
  );
}

/**
 * What is wrong with an address that services or suites use: a port that the service does not declare, or a host that is nearly the
 * name of one. Undefined for good addresses and for hosts outside the environment.
 */
export function checkAddress(
  url: string,
  spec: Pick<EnvironmentSpec, 'services'>,
): { message: string; hint: string } | undefined {
  const [problem] = rewriteAddresses(url, declaredPorts(spec.services)).problems;
  if (problem) return problem;
  const names = spec.services.map(({ name }) => name);
  const host = hostOf(url);
  if (host === undefined || names.includes(host) || /[.:]|^localhost$|^\d+$/.test(host)) return undefined;
  if (nearest(host, names) === undefined) return undefined;
  return { message: `there is no service ${host}`, hint: didYouMean(host, names, 'services') };
}

/** Host of the first URL in a text. */
export function hostOf(url: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\/(?:[^\s/@]*@)?([^\s/:?#]+)/i.exec(url)?.[1];
}
