// Sits between the worker and the STS: a Socket.IO server to one, a client to the other, a connection there for each one here.

import type { Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { io } from 'socket.io-client';
import type { Payload, StsTap, StsWire } from '../mutant.ts';

const PATH = '/ws/sts';
const MAX_PAYLOAD_BYTES = 50 * 1024 * 1024;

/** Takes over the Socket.IO path of `http`. Loss of the STS is passed on in kind: with a goodbye, or without. */
export function startStsMiddleman(http: HttpServer, upstreamUrl: string, tapOf: () => StsTap): void {
  const server = new Server(http, {
    path: PATH,
    transports: ['websocket'],
    maxHttpBufferSize: MAX_PAYLOAD_BYTES,
    // The STS's own pings decide when a silent connection is lost; ours must not be first.
    pingInterval: 25_000,
    pingTimeout: 20_000,
  });
  let connections = 0;
  server.on('connection', (worker) => {
    carry(worker, upstreamUrl, tapOf(), connections);
    connections += 1;
  });
}

function carry(worker: Socket, upstreamUrl: string, tap: StsTap, earlier: number): void {
  const { 'x-stream-id': streamId, 'x-worker-id': workerId } = worker.handshake.headers;
  const sts = io(new URL('/', upstreamUrl).href, {
    path: PATH,
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    extraHeaders: {
      ...(typeof streamId === 'string' ? { 'X-Stream-ID': streamId } : {}),
      ...(typeof workerId === 'string' ? { 'X-Worker-ID': workerId } : {}),
    },
  });
  const wire: StsWire = {
    earlier,
    toServer: (event, payload) => void sts.emit(event, payload),
    toWorker: (event, payload) => void worker.emit(event, payload),
  };
  const lost = async (withGoodbye: boolean): Promise<void> => {
    await tap.serverLost?.();
    if (withGoodbye) worker.disconnect(true);
    else worker.conn.close();
  };
  sts.on('connect_error', () => void lost(false));
  sts.on('disconnect', (reason) => void lost(reason === 'io server disconnect'));
  worker.on('disconnect', () => sts.disconnect());
  worker.onAny((event: string, payload: unknown, ...more: unknown[]) => {
    // A driver's callback, or an event without a map: not the protocol's, so nobody's defect.
    if (more.length > 0 || !isPayload(payload) || !tap.fromWorker) sts.emit(event, payload, ...more);
    else tap.fromWorker(event, payload, wire);
  });
  sts.onAny((event: string, payload: unknown) => {
    if (!isPayload(payload) || !tap.fromServer) worker.emit(event, payload);
    else tap.fromServer(event, payload, wire);
  });
}

function isPayload(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
