import { Server } from 'socket.io';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock as clock } from '../base/clock.ts';
import type { SocketPort } from '../model/ports.ts';
import { createSocketClient } from './socket-client.ts';
import { startServer, type TestServer } from './testing.ts';

const never = new AbortController().signal;
let http: TestServer;
let io: Server;
let sockets: SocketPort;
let heard: unknown[];

function attach(to: TestServer): Server {
  const server = new Server(to.server, { path: '/ws/sts', transports: ['websocket'] });
  server.on('connection', (socket) => {
    socket.on('note', (data: unknown) => heard.push(data));
    socket.on('ask', (data: unknown) => {
      socket.emit('ask:ack', { status: 'looking' });
      socket.emit('ask:ack', { status: 'accepted', data });
    });
    socket.on('leave', () => socket.disconnect(true));
    socket.on('count-arguments', (...args: unknown[]) => heard.push(args.length));
  });
  server.of('/private').use((_, next) => next(new Error('members only')));
  return server;
}

beforeAll(async () => {
  heard = [];
  http = await startServer(() => {});
  io = attach(http);
  sockets = createSocketClient({ resolve: (to) => (to.startsWith('http') ? to : `${http.url}${to.slice(3)}`), clock });
});
afterAll(async () => {
  await io.close();
});

const emit = (request: Partial<Parameters<SocketPort['emit']>[0]>, signal = never) =>
  sockets.emit({ to: 'svc', path: '/ws/sts', event: 'note', data: 1, timeoutMs: 2_000, ...request }, signal);
const accepted = (payload: unknown) => (payload as { status: string }).status === 'accepted';

describe('createSocketClient', () => {
  it('has been handled when it returns, each of a hundred times, although it disconnects at once', async () => {
    for (let data = 0; data < 100; data += 1) await emit({ data });
    expect(heard).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  it('sends nothing but the event: no argument that was not given', async () => {
    heard = [];
    await emit({ event: 'count-arguments', data: undefined });
    await emit({ event: 'count-arguments', data: { a: 1 } });
    expect(heard).toEqual([0, 1]);
  });

  it('waits for the reply that matches', async () => {
    const { reply } = await emit({ event: 'ask', data: { x: 1 }, reply: { event: 'ask:ack', matches: accepted } });
    expect(reply).toEqual({ status: 'accepted', data: { x: 1 } });
  });

  it('shows the last reply when none matches', async () => {
    const asking = emit({ event: 'ask', timeoutMs: 300, reply: { event: 'ask:ack', matches: () => false } });
    await expect(asking).rejects.toMatchObject({
      code: 'STEP_INCONCLUSIVE',
      message: 'ask to svc/ws/sts: no matching ask:ack within 300ms; the last one was {"status":"accepted","data":1}',
    });
  });

  it('does not take silence for a reply', async () => {
    const asking = emit({ timeoutMs: 300, reply: { event: 'note:ack', matches: () => true } });
    await expect(asking).rejects.toMatchObject({ message: 'note to svc/ws/sts: no note:ack within 300ms' });
  });

  it('says when the server left before it answered', async () => {
    const asking = emit({ event: 'leave', reply: { event: 'x', matches: () => true } });
    await expect(asking).rejects.toMatchObject({
      message: expect.stringContaining('disconnected (io server disconnect)'),
    });
    await expect(emit({ event: 'leave' })).resolves.toEqual({});
  });

  it('says when nobody is there, and connects to somebody who comes up in time', async () => {
    const gone = await startServer(() => {});
    await gone.close();
    await expect(emit({ to: gone.url, timeoutMs: 300 })).rejects.toMatchObject({
      code: 'STEP_INCONCLUSIVE',
      message: expect.stringContaining('no connection within 300ms'),
    });
    const asking = emit({ to: gone.url, event: 'ask', reply: { event: 'ask:ack', matches: accepted } });
    const late = await startServer(() => {}, Number(new URL(gone.url).port));
    const server = attach(late);
    await expect(asking).resolves.toMatchObject({ reply: { status: 'accepted' } });
    await server.close();
  });

  it('does not try again where it was refused by the server’s own word', async () => {
    await expect(emit({ to: 'svc/private' })).rejects.toMatchObject({
      message: expect.stringContaining('refused with "members only"'),
    });
  });

  it('leaves no connection behind, however it ended', async () => {
    const kase = new AbortController();
    const asking = emit({ reply: { event: 'never', matches: () => true } }, kase.signal);
    await expect.poll(() => io.engine.clientsCount).toBe(1);
    kase.abort(new Error('time is up'));
    await expect(asking).rejects.toThrow('time is up');
    await expect.poll(() => io.engine.clientsCount).toBe(0);
  });
});
