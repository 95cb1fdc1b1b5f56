// The container ports of a Compose service, out of every way to write them. Host sides are left to the runtime.

import { z } from 'zod';

const MAX_RANGE = 100;

/** `8080`, `"8080"`, `"80:8080"`, `"127.0.0.1:80:8080/tcp"`, `"3000-3005"`, `"[::1]::8080"`, `{ target: 8080, … }` → container ports, each once. */
export const portsField = z
  .unknown()
  .default(null)
  .transform((value, ctx): number[] => {
    if (value === null) return [];
    if (!Array.isArray(value)) {
      ctx.addIssue({ code: 'custom', message: 'ports is a list, for example ["8080"]' });
      return [];
    }
    const ports = new Set<number>();
    for (const [index, entry] of value.entries()) {
      const found = containerPorts(entry);
      if (typeof found === 'string') ctx.addIssue({ code: 'custom', message: found, path: [index] });
      else for (const port of found) ports.add(port);
    }
    return [...ports];
  });

function containerPorts(entry: unknown): number[] | string {
  const problem = `${JSON.stringify(entry)} is no port: write "8080", "80:8080" or { target: 8080 }`;
  if (typeof entry === 'number') return isPort(entry) ? [entry] : problem;
  if (typeof entry === 'object' && entry !== null && 'target' in entry) {
    const port = Number(entry.target);
    return isPort(port) ? [port] : problem;
  }
  if (typeof entry !== 'string') return problem;
  const match = /^(?:.*:)?(\d+)(?:-(\d+))?(?:\/(?:tcp|udp|sctp))?$/.exec(entry);
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (!isPort(from) || !isPort(to) || to < from) return problem;
  if (to - from >= MAX_RANGE) return `${entry} is a range of more than ${MAX_RANGE} ports`;
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
