// The server, put together: Socket.IO on /ws/sts, and HTTP for /health and /metrics, on one port.

import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { Server } from 'socket.io';
import type { Config } from './config.ts';
import { Connection } from './connection.ts';
import { Controls } from './controls.ts';
import type { Logger } from './logging.ts';
import { createMetrics } from './metrics.ts';
import { ProtocolError } from './protocol/error-codes.ts';
import { initialSettings } from './settings.ts';

/** A socket that has not joined the namespace by then is closed. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface AppOptions {
  logger: Logger;
  /** In [0, 1); decides the jitter. */
  random?: () => number;
}

export interface App {
  /** Resolves when connections are accepted. */
  listen(): Promise<{ host: string; port: number; url: string }>;
  /** Closes every socket and the port. Idempotent. */
  close(): Promise<void>;
}

export function createApp(config: Config, { logger, random = Math.random }: AppOptions): App {
  const startedAt = performance.now();
  const metrics = createMetrics();
  const connections = new Set<Connection>();
  const controls = new Controls(initialSettings(config), connections);
  const openSessions = () => [...connections].filter(({ session }) => session !== undefined).length;

  const http = Fastify({ logger: false, forceCloseConnections: true });
  http.get('/health', async () => ({
    status: 'ok',
    service: 'echo-sts',
    sessions: openSessions(),
    uptime_seconds: Math.round(performance.now() - startedAt) / 1_000,
  }));
  http.get('/metrics', async (_request, reply) => {
    reply.type(metrics.registry.contentType);
    return metrics.registry.metrics();
  });

  const io = new Server(http.server, {
    path: '/ws/sts',
    // Clients differ in whether they ask for /ws/sts or /ws/sts/.
    addTrailingSlash: false,
    transports: ['websocket'],
    serveClient: false,
    maxHttpBufferSize: config.maxPayloadBytes,
    pingInterval: config.pingIntervalMs,
    pingTimeout: config.pingTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
  });
  io.on('connection', (socket) => {
    const connection = new Connection(socket, {
      controls,
      metrics,
      logger,
      autoDisconnectDelayMs: config.autoDisconnectDelayMs,
      admitSession: () => {
        if (openSessions() < config.maxSessions) return;
        throw new ProtocolError('RATE_LIMIT', `${config.maxSessions} sessions are open already`);
      },
      random,
    });
    connections.add(connection);
    metrics.connections.inc();
    connection.open(() => {
      connections.delete(connection);
      metrics.connections.dec();
    });
  });

  return {
    async listen() {
      await http.listen({ host: config.host, port: config.port });
      const { port } = http.server.address() as AddressInfo;
      const host = config.host.includes(':') ? `[${config.host}]` : config.host;
      return { host: config.host, port, url: `http://${host}:${port}` };
    },
    async close() {
      controls.close();
      for (const connection of connections) connection.disconnect('stopping');
      io.engine.close();
      await http.close();
    },
  };
}
