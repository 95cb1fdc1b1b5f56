// TCP sockets in the network namespace of a process, as this machine's kernel lists them.

import { readFile } from 'node:fs/promises';

export interface TcpSocket {
  state: 'listen' | 'established' | 'other';
  localPort: number;
}

/** Undefined where they cannot be read: no Linux, a process of another machine or user, a process that is gone. */
export async function tcpSockets(pid: number): Promise<TcpSocket[] | undefined> {
  if (pid === 0) return undefined;
  const [v4, v6] = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'latin1').catch(() => undefined)),
  );
  if (v4 === undefined) return undefined;
  return [v4, v6 ?? '']
    .flatMap((table) => table.split('\n').slice(1))
    .flatMap((line) => {
      const [, local, , state] = line.trim().split(/\s+/);
      const port = local?.split(':')[1];
      if (port === undefined) return [];
      const named = state === '0A' ? 'listen' : state === '01' ? 'established' : 'other';
      return [{ state: named, localPort: Number.parseInt(port, 16) } satisfies TcpSocket];
    });
}
