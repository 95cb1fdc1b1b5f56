// The container ports of a Compose service, out of every way to write them. Host sides are left to the runtime.

import { z } from 'zod';

const MAX_RANGE = 100;

export interface ContainerPorts {
  ports: number[];
  /** Those that are declared for UDP and not for TCP. */
  udpPorts: number[];
}

/** `8080`, `"8080"`, `"80:8080"`, `"127.0.0.1:80:8080/tcp"`, `"3000-3005"`, `"[::1]::8080"`, `{ target: 8080, … }` → container ports, each once. */
export const portsField = z
  .unknown()
  .default(null)
  .transform((value, ctx): ContainerPorts => {
    if (value === null) return { ports: [], udpPorts: [] };
    if (!Array.isArray(value)) {
      ctx.addIssue({ code: 'custom', message: 'ports is a list, for example ["8080"]' });
      return { ports: [], udpPorts: [] };
    }
    const ports = new Set<number>();
    const tcp = new Set<number>();
    for (const [index, entry] of value.entries()) {
      const found = containerPorts(entry);
      if (typeof found === 'string') {
        ctx.addIssue({ code: 'custom', message: found, path: [index] });
        continue;
      }
      for (let port = found.from; port <= found.to; port += 1) {
        ports.add(port);
        if (!found.udp) tcp.add(port);
      }
    }
    return { ports: [...ports], udpPorts: [...ports].filter((port) => !tcp.has(port)) };
  });

interface PortRange {
  from: number;
  to: number;
  udp: boolean;
}

function containerPorts(entry: unknown): PortRange | string {
  const problem = `${JSON.stringify(entry)} is no port: write "8080", "80:8080" or { target: 8080 }`;
  const range = rangeOf(entry);
  if (!range || !isPort(range.from) || !isPort(range.to) || range.to < range.from) return problem;
  if (range.to - range.from >= MAX_RANGE) return `${entry} is a range of more than ${MAX_RANGE} ports`;
  return range;
}

function rangeOf(entry: unknown): PortRange | undefined {
  if (typeof entry === 'number') return { from: entry, to: entry, udp: false };
  if (typeof entry === 'object' && entry !== null && 'target' in entry) {
    const port = Number(entry.target);
    return { from: port, to: port, udp: 'protocol' in entry && entry.protocol === 'udp' };
  }
  const match = typeof entry === 'string' ? /^(?:.*:)?(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/.exec(entry) : null;
  if (!match) return undefined;
  return { from: Number(match[1]), to: Number(match[2] ?? match[1]), udp: match[3] === 'udp' };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
