// An engine that can go, or be somewhere else, while the one behind it stays.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** `at`: a socket's path, or an address of this machine. */
export async function forwardTo(endpoint: string, at: string | { host: string; port: number }): Promise<Forwarder> {
  const open = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ path: endpoint.replace('unix://', ''), allowHalfOpen: true });
    for (const end of [client, upstream]) {
      open.add(end);
      end.on('error', () => {}).on('close', () => open.delete(end));
    }
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(typeof at === 'string' ? { path: at } : at, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const end of open) end.destroy();
      }),
  };
}

interface Forwarder {
  port: number;
  close(): Promise<void>;
}
