// A real link to break in tests: a server, a proxy (Testcard's own, or the Toxiproxy that TESTCARD_TOXIPROXY names), and a client's traffic.

import { systemClock } from '../../../base/clock.ts';
import type { FaultPorts, Link } from '../../../model/faults.ts';
import type { TimelineEvent } from '../../../model/timeline.ts';
import { startLinkProxy } from '../../../runtime/embedded/link-proxy/start-link-proxy.ts';
import {
  openClient,
  type Peer,
  startServer,
  type TestServer,
} from '../../../runtime/embedded/link-proxy/testing/peers.ts';
import { freePort, startToxiproxy } from '../../../runtime/embedded/link-proxy/testing/toxiproxy.ts';
import { processGuard } from '../../../runtime/ownership/guard.ts';
import { type FaultEntry, FaultRunner } from '../../fault-runner.ts';
import { linkFaults } from '../index.ts';

export interface LinkBench {
  server: TestServer;
  link: Link;
  ports: FaultPorts;
  runner: FaultRunner;
  events: TimelineEvent[];
  ledger: Map<string, FaultEntry>;
  proxyPid: number;
  /** A connection through the proxy. */
  client(): Promise<Peer>;
  stop(): Promise<void>;
}

/** `realToxiproxy`: its program; undefined for Testcard's own proxy. `onPeer`: what the server does with a connection. Default: it sends back what comes, and closes its half after the client. */
export async function openBench(
  realToxiproxy: string | undefined,
  onPeer: (peer: Peer) => void = echo,
): Promise<LinkBench> {
  const server = await startServer(onPeer);
  const proxy = realToxiproxy === undefined ? await startOwn() : await startReal(realToxiproxy);
  const listen = await proxy.addProxy(server.port);
  const link: Link = {
    ...{ name: 'worker → server:8080', client: 'worker', server: 'server', port: 8080, listen },
    proxy: { api: proxy.api, name: 'worker-server-8080' },
    upstream: { host: '127.0.0.1', port: server.port },
  };
  const links: FaultPorts['links'] = {
    between: (a, b, port) => ([a, b].sort().join() === 'server,worker' && (port ?? 8080) === 8080 ? [link] : []),
  };
  // Only what faults of links use.
  const some: Partial<FaultPorts> = { clock: systemClock, links };
  const ports = some as FaultPorts;
  const events: TimelineEvent[] = [];
  const ledger = new Map<string, FaultEntry>();
  const clients: Peer[] = [];
  return {
    ...{ server, link, ports, events, ledger, proxyPid: proxy.pid },
    runner: new FaultRunner({
      ...{ kinds: linkFaults, ports, clock: systemClock, scope: 'test' },
      ledger: { begin: (entry) => void ledger.set(entry.id, entry), end: (id) => void ledger.delete(id) },
      emitEvent: (event) => void events.push(event),
    }),
    async client() {
      const peer = await openClient(listen.port);
      clients.push(peer);
      return peer;
    },
    async stop() {
      for (const { socket } of clients) socket.destroy();
      await proxy.stop();
      await server.close();
    },
  };
}

export const echo = ({ socket }: Peer): void => {
  socket.on('data', (data: Buffer) => void socket.write(data));
  socket.on('end', () => void socket.end());
};

/** Writes `bytes` every `everyMs` until the connection is gone. */
export function keepSending({ socket }: Peer, { bytes = 100, everyMs = 10 } = {}): () => void {
  const data = Buffer.alloc(bytes, 0x61);
  const timer = setInterval(() => {
    if (socket.writable && socket.writableLength < 1_000_000) socket.write(data);
  }, everyMs);
  socket.once('close', () => clearInterval(timer));
  return () => clearInterval(timer);
}

interface TestProxy {
  api: string;
  pid: number;
  addProxy(upstreamPort: number): Promise<{ host: string; port: number }>;
  stop(): Promise<void>;
}

async function startOwn(): Promise<TestProxy> {
  const { api, pid, addProxy, stop } = await startLinkProxy({
    ...{ guard: processGuard(), clock: systemClock, signal: new AbortController().signal },
  });
  const name = 'worker-server-8080';
  return { api, pid, stop, addProxy: (upstreamPort) => addProxy({ name, upstreamHost: '127.0.0.1', upstreamPort }) };
}

async function startReal(program: string): Promise<TestProxy> {
  const { api, pid, stop } = await startToxiproxy(program);
  return {
    ...{ api, pid, stop },
    async addProxy(upstreamPort) {
      const port = await freePort();
      const body = { name: 'worker-server-8080', listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${upstreamPort}` };
      const response = await fetch(`${api}/proxies`, { method: 'POST', body: JSON.stringify(body) });
      if (!response.ok) throw new Error(await response.text());
      return { host: '127.0.0.1', port };
    },
  };
}

/** How long one answer takes on the connection, ms. */
export async function roundTripMs({ socket }: Peer, text = 'x'): Promise<number> {
  const startedAtMs = performance.now();
  socket.write(text);
  await new Promise<void>((resolve, reject) => {
    const onClose = () => reject(new Error('closed before an answer'));
    socket.once('close', onClose);
    socket.once('data', () => {
      socket.off('close', onClose);
      resolve();
    });
  });
  return performance.now() - startedAtMs;
}
