import { describe, expect, it } from 'vitest';
import { fragmentOf } from './client.ts';
import { startServer } from './server.ts';

const EVENTS = [
  'stream:init',
  'fragment:data',
  'fragment:ack',
  'stream:pause',
  'stream:resume',
  'stream:end',
  'simulate:disconnect',
];
const CONTROLS = [
  'config:error_simulation',
  'config:backpressure',
  'config:processing_delay',
  'config:dubbed_duration',
  'config:reset',
];
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
/** As deep as the client itself can send. */
const deep = JSON.parse(nested(500));
const PAYLOADS: [string, unknown][] = [
  ['a number', 42],
  ['text', 'x'.repeat(100_000)],
  ['a list', [1, 2, 3]],
  ['bytes', Buffer.from('hello')],
  ['true', true],
  [
    'wrong types',
    {
      stream_id: [],
      fragment_id: {},
      sequence_number: 'a',
      audio: 7,
      rules: {},
      delay: [],
      scale: 'x',
      delay_ms: {},
      action: 1,
    },
  ],
  ['prototype keys', JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}')],
  [
    'deep nesting',
    { stream_id: deep, audio: deep, rules: deep, delay: deep, scale: deep, delay_ms: deep, action: deep },
  ],
];

describe('hostile input', () => {
  it.each(EVENTS.flatMap((event) => PAYLOADS.map(([name, payload]) => [event, name, payload] as const)))(
    '%s with %s is answered by an INVALID_CONFIG error',
    async (event, _, payload) => {
      const client = await (await startServer()).connect();
      client.emit(event, payload);
      const error = await client.next('error');
      expect(error).toMatchObject({ code: 'INVALID_CONFIG', retryable: false });
      expect(error.message.length).toBeLessThan(400);
      expect({}).not.toHaveProperty('polluted');
      await client.init();
    },
  );

  it.each(CONTROLS.flatMap((event) => PAYLOADS.map(([name, payload]) => [event, name, payload] as const)))(
    '%s with %s is rejected',
    async (event, _, payload) => {
      const client = await (await startServer()).connect();
      expect(await client.control(event, payload)).toMatchObject({ status: 'rejected' });
      await client.init();
    },
  );

  it.each(['error', 'hello', '', 'toString', '__proto__', 'stream:ready', 'x'.repeat(10_000)])(
    'an event that does not exist (%.20s) is answered by INVALID_CONFIG, and logged cut short',
    async (event) => {
      const server = await startServer();
      const client = await server.connect();
      client.emit(event, { any: 'thing' });
      expect(await client.next('error')).toMatchObject({ code: 'INVALID_CONFIG', message: /^unknown event/ });
      expect(JSON.stringify(server.logs).length).toBeLessThan(3_000);
      expect(await server.metric('sts_events_total{direction="received",event="unknown"}')).toBe(1);
    },
  );

  it('does not let frames that are not Socket.IO disturb others', async () => {
    const server = await startServer();
    const worker = await server.connect();
    await worker.init();
    for (const frame of [
      '4',
      '42',
      '42[',
      '42{"a":1}',
      '42["disconnect"]',
      '42[{}]',
      '451-["a",{"_placeholder":true,"num":9}]',
      `42["stream:init",${nested(1_000_000)}]`,
      'zzz',
      '\u0000',
    ]) {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws/sts/?EIO=4&transport=websocket`);
      await new Promise((resolve) => {
        socket.onopen = () => {
          socket.send('40');
          socket.send(frame);
          socket.send('42["bye"]');
        };
        socket.onclose = resolve;
        socket.onmessage = ({ data }) => {
          // Some frames are refused with an error event, the others by closing the socket.
          if (String(data).startsWith('42["error"')) socket.close();
        };
      });
    }
    worker.send(0);
    expect(await worker.next('fragment:processed')).toMatchObject({ status: 'success' });
  });

  it('survives a flood of refused fragments and answers every one', async () => {
    const client = await (await startServer()).connect();
    await client.init();
    for (let index = 0; index < 500; index += 1) client.emit('fragment:data', { ...fragmentOf(7), fragment_id: index });
    await client.until(() => client.all('error').length === 500, '500 errors');
    client.send(0);
    expect(await client.next('fragment:processed')).toMatchObject({ sequence_number: 0 });
  });

  it('forgets everything about a socket that goes away in the middle of its work', async () => {
    const server = await startServer({ ECHO_PROCESSING_DELAY_MS: '50' });
    const client = await server.connect();
    await client.init();
    for (const sequenceNumber of [0, 1, 2]) client.send(sequenceNumber);
    await client.next('fragment:ack');
    client.close();
    await server.metricBecomes('sts_connections', 0);
    expect(await server.metric('sts_inflight_fragments')).toBe(0);
    expect(await server.metric('sts_sessions')).toBe(0);
    const next = await server.connect();
    await next.init();
    next.send(0);
    await next.next('fragment:processed');
    expect(server.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
