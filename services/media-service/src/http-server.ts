// What the worker tells about itself over HTTP: whether it is up, and its metrics.

import fastify, { type FastifyInstance } from 'fastify';
import type { Metrics } from './metrics.ts';

export function buildHttpServer(metrics: Metrics, streamId: string): FastifyInstance {
  const server = fastify({ logger: false, forceCloseConnections: true });
  server.get('/health', () => ({ status: 'ok', service: 'media-service', stream_id: streamId }));
  server.get('/metrics', async (_request, reply) => {
    reply.header('content-type', metrics.registry.contentType);
    return metrics.registry.metrics();
  });
  return server;
}
