// The part of MediaMTX's control API that readiness checks need, faults, health and metrics.

import type { FastifyInstance } from 'fastify';
import type { Publication } from '../core/path-registry.ts';
import type { RelayContext } from '../core/relay-context.ts';
import { addFaultRoutes } from './fault-routes.ts';
import type { ConnectionCounts } from './metrics.ts';

/** Fastify and prom-client are loaded here and not before, so that media ports open while they load. */
export async function createHttpApi(context: RelayContext, connections: ConnectionCounts): Promise<FastifyInstance> {
  const [{ fastify }, { createMetrics }] = await Promise.all([import('fastify'), import('./metrics.ts')]);
  const app = fastify({ bodyLimit: 64 * 1024, forceCloseConnections: true, return503OnClosing: false });
  const metrics = createMetrics(context, connections);
  const startedAt = performance.now();

  app.get('/health', () => ({
    status: 'ok',
    uptimeS: Math.round((performance.now() - startedAt) / 1000),
    paths: context.paths.publications.length,
  }));

  app.get('/metrics', async (_request, reply) => {
    reply.header('content-type', metrics.contentType);
    return metrics.metrics();
  });

  app.get<{ Querystring: { page?: string; itemsPerPage?: string } }>('/v3/paths/list', (request, reply) => {
    const items = context.paths.publications
      .map((publication) => describePath(publication))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const page = Number(request.query.page ?? 0);
    const perPage = Number(request.query.itemsPerPage ?? 100);
    if (!Number.isInteger(page) || page < 0 || !Number.isInteger(perPage) || perPage < 1) {
      return reply.code(400).send({ status: 'error', error: 'invalid page' });
    }
    return {
      itemCount: items.length,
      pageCount: Math.ceil(items.length / perPage),
      items: items.slice(page * perPage, (page + 1) * perPage),
    };
  });

  // A wildcard, because the names of paths have slashes.
  app.get<{ Params: { '*': string } }>('/v3/paths/get/*', (request, reply) => {
    const publication = context.paths.publication(request.params['*']);
    if (publication === undefined) return reply.code(404).send({ status: 'error', error: 'path not found' });
    return describePath(publication);
  });

  addFaultRoutes(app, context.faults);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ status: 'error', error: 'not found' }));
  return app;
}

/** A path as `/v3/paths` shows it. Byte counts have the names of newer and of older MediaMTX versions. */
function describePath(publication: Publication) {
  const { stream, bytesReceived } = publication;
  const bytesSent = stream?.bytesSent ?? 0;
  const readers = [...(stream?.readers ?? [])].filter((reader) => reader.reading);
  return {
    name: publication.path,
    confName: 'all_others',
    source: { type: publication.source.type, id: publication.source.id },
    ready: stream !== undefined,
    readyTime: stream?.readyAt.toISOString() ?? null,
    available: stream !== undefined,
    availableTime: stream?.readyAt.toISOString() ?? null,
    tracks: stream?.tracks ?? [],
    inboundBytes: bytesReceived,
    outboundBytes: bytesSent,
    bytesReceived,
    bytesSent,
    readers: readers.map(({ type, id }) => ({ type, id })),
  };
}
