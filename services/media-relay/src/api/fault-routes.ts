// Faults over HTTP: asked for, listed with what they touched, ended.

import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { FaultRefusedError, type FaultRegistry } from '../faults/fault-registry.ts';
import { faultRequest, type MediaFault } from '../faults/media-fault.ts';

type WithId = { Params: { id: string } };

export function addFaultRoutes(app: FastifyInstance, faults: FaultRegistry): void {
  const refuse = (reply: FastifyReply, status: number, error: string) =>
    reply.code(status).send({ status: 'error', error });

  app.get('/v3/faults', () => {
    const items = faults.all.map(describe);
    return { itemCount: items.length, items };
  });

  app.get<WithId>('/v3/faults/:id', (request, reply) => {
    const fault = faults.find(request.params.id);
    return fault === undefined ? refuse(reply, 404, 'fault not found') : describe(fault);
  });

  app.post('/v3/faults', (request, reply) => {
    const parsed = faultRequest.safeParse(request.body);
    if (!parsed.success) return refuse(reply, 400, z.prettifyError(parsed.error));
    try {
      return reply.code(201).send(describe(faults.begin(parsed.data)));
    } catch (error) {
      if (!(error instanceof FaultRefusedError)) throw error;
      return refuse(reply, error.status, error.message);
    }
  });

  app.delete<WithId>('/v3/faults/:id', (request, reply) => {
    const fault = faults.find(request.params.id);
    if (fault === undefined) return refuse(reply, 404, 'fault not found');
    faults.end(fault);
    return describe(fault);
  });
}

function describe({ id, request, startedAt, endedAt, packets }: MediaFault) {
  return {
    ...request,
    id,
    state: endedAt === undefined ? 'active' : 'ended',
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    packets,
  };
}
