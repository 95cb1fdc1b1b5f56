// One log line of a service, as `up` and `logs` show it.

import type { LogLine } from '../model/ports.ts';

export function printLogLine({ atMs, service, text }: LogLine): void {
  process.stdout.write(`${new Date(atMs).toISOString().slice(11, 23)} ${service} | ${text}\n`);
}
