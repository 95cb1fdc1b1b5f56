import { io } from 'socket.io-client';
import { describe, expect, it } from 'vitest';
import { connectClient } from './client.ts';
import { startServer } from './server.ts';

const refusal = (url: string, options: object) =>
  new Promise<string>((resolve, reject) => {
    const socket = io(url, { reconnection: false, forceNew: true, ...options });
    socket.once('connect_error', (error) => {
      socket.disconnect();
      resolve(error.message);
    });
    socket.once('connect', () => {
      socket.disconnect();
      reject(new Error('connected'));
    });
  });

describe('the transport', () => {
  it.each(['/ws/sts', '/ws/sts/'])('takes Socket.IO over WebSocket at %s', async (path) => {
    const server = await startServer();
    const client = await connectClient(server.url, {}, path);
    expect(client.socket.connected).toBe(true);
    client.close();
  });

  it('takes a WebSocket that asks for /ws/sts without a slash', async () => {
    const server = await startServer();
    const socket = new globalThis.WebSocket(`${server.url.replace('http', 'ws')}/ws/sts?EIO=4&transport=websocket`);
    const hello = await new Promise<string>((resolve, reject) => {
      socket.onmessage = ({ data }) => resolve(String(data));
      socket.onerror = () => reject(new Error('refused'));
    });
    socket.close();
    expect(hello).toMatch(/^0\{/);
  });

  it('announces a ping every 25 s, a ping timeout of 10 s and payloads up to 50 MiB', async () => {
    const server = await startServer();
    const socket = new globalThis.WebSocket(`${server.url.replace('http', 'ws')}/ws/sts/?EIO=4&transport=websocket`);
    const hello = await new Promise<string>((resolve) => {
      socket.onmessage = ({ data }) => resolve(String(data));
    });
    socket.close();
    expect(JSON.parse(hello.slice(1))).toMatchObject({
      pingInterval: 25_000,
      pingTimeout: 10_000,
      maxPayload: 50 * 1024 * 1024,
    });
  });

  it('refuses long polling', async () => {
    const server = await startServer();
    await expect(refusal(server.url, { path: '/ws/sts', transports: ['polling'] })).resolves.toMatch(/poll error/);
    const response = await fetch(`${server.url}/ws/sts/?EIO=4&transport=polling`);
    expect(response.status).toBe(400);
  });

  it('has no other path and no other namespace', async () => {
    const server = await startServer();
    await expect(refusal(server.url, { path: '/socket.io', transports: ['websocket'] })).resolves.toMatch(
      /websocket error/,
    );
    await expect(refusal(`${server.url}/admin`, { path: '/ws/sts', transports: ['websocket'] })).resolves.toMatch(
      /Invalid namespace/,
    );
  });

  it('needs no authentication, and logs who the extra headers say it is', async () => {
    const server = await startServer();
    await server.connect({ 'X-Stream-ID': 'stream-7', 'X-Worker-ID': 'worker-7' });
    expect(server.logs).toContainEqual(
      expect.objectContaining({ msg: 'connected', streamId: 'stream-7', workerId: 'worker-7' }),
    );
  });

  it('closes a connection that sends more than the largest payload, and serves the others on', async () => {
    const server = await startServer({ WS_MAX_BUFFER_SIZE: '10000' });
    const other = await server.connect();
    const client = await server.connect();
    await client.init();
    client.send(0, { audio: { data_base64: 'A'.repeat(20_000) } });
    expect(await client.closed()).toMatch(/transport/);
    await other.init('stream-2');
    expect(await server.metric('sts_sessions')).toBe(1);
  });

  it('serves twelve sessions at once, each with its own sequence', async () => {
    const server = await startServer();
    const clients = await Promise.all(Array.from({ length: 12 }, () => server.connect()));
    await Promise.all(clients.map((client, index) => client.init(`stream-${index}`)));
    expect(await server.metric('sts_sessions')).toBe(12);
    for (const sequenceNumber of [0, 1, 2]) {
      for (const [index, client] of clients.entries()) client.send(sequenceNumber, { stream_id: `stream-${index}` });
    }
    for (const [index, client] of clients.entries()) {
      await client.next('fragment:processed', ({ sequence_number }) => sequence_number === 2);
      expect(client.all('fragment:processed').map((one) => [one.stream_id, one.sequence_number])).toEqual(
        [0, 1, 2].map((sequenceNumber) => [`stream-${index}`, sequenceNumber]),
      );
    }
  });

  it('asks to come later when there are too many sessions', async () => {
    const server = await startServer({ ECHO_MAX_SESSIONS: '1' });
    await (await server.connect()).init();
    const second = await server.connect();
    second.emit('stream:init', { stream_id: 'stream-2', worker_id: 'worker-2' });
    expect(await second.next('error')).toMatchObject({
      code: 'RATE_LIMIT',
      severity: 'warning',
      retryable: true,
      stream_id: 'stream-2',
    });
  });
});

describe('over HTTP', () => {
  it('says that it is ready and how many sessions there are', async () => {
    const server = await startServer();
    await (await server.connect()).init();
    const response = await fetch(`${server.url}/health`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'ok', sessions: 1 });
  });

  it('offers metrics whose names all begin with sts_', async () => {
    const server = await startServer();
    const response = await fetch(`${server.url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    const names = (await response.text()).split('\n').filter((line) => line && !line.startsWith('#'));
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((line) => !line.startsWith('sts_'))).toEqual([]);
  });

  it('counts events, fragments and what is in flight', async () => {
    const server = await startServer();
    const client = await server.connect();
    await client.init();
    const first = client.send(0);
    client.send(1);
    await client.next('fragment:processed', ({ sequence_number }) => sequence_number === 1);
    expect(await server.metric('sts_inflight_fragments')).toBe(2);
    client.acknowledge(first);
    await client.settle();
    expect(await server.metric('sts_inflight_fragments')).toBe(1);
    expect(await server.metric('sts_fragments_total{status="received"}')).toBe(2);
    expect(await server.metric('sts_fragments_total{status="success"}')).toBe(2);
    expect(await server.metric('sts_events_total{direction="received",event="fragment:data"}')).toBe(2);
    expect(await server.metric('sts_events_total{direction="sent",event="fragment:processed"}')).toBe(2);
    client.close();
    await server.metricBecomes('sts_sessions', 0);
    expect(await server.metric('sts_inflight_fragments')).toBe(0);
    expect(await server.metric('sts_connections')).toBe(0);
  });
});
