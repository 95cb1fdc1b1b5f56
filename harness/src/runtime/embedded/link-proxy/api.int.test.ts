// The API as Toxiproxy answers it; the same calls go to the real one, where that can be had.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../base/clock.ts';
import { processGuard } from '../../ownership/guard.ts';
import { startLinkProxy } from './start-link-proxy.ts';
import { openClient, startServer, type TestServer, until } from './testing/peers.ts';
import { findToxiproxy, startToxiproxy } from './testing/toxiproxy.ts';

const program = findToxiproxy(7);

describe.each([{ kind: 'own' as const }, { kind: 'toxiproxy' as const }])('the API of $kind', ({ kind }) => {
  const suite = kind === 'own' || program ? test : test.skip;
  let api = '';
  let server: TestServer;
  let stop = async () => {};
  beforeAll(async () => {
    if (kind === 'toxiproxy' && !program) return;
    server = await startServer();
    const proxy =
      kind === 'own'
        ? await startLinkProxy({ guard: processGuard(), clock: systemClock, signal: new AbortController().signal })
        : await startToxiproxy(program ?? '');
    api = proxy.api;
    stop = () => proxy.stop();
  });
  afterAll(async () => {
    await stop();
    await server?.close();
  });

  async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const init =
      body === undefined ? { method } : { method, body: typeof body === 'string' ? body : JSON.stringify(body) };
    const response = await fetch(`${api}${path}`, init);
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }
  const error = (status: number, message: string) => ({
    status,
    body: { error: expect.stringContaining(message), status },
  });
  const create = (name: string, more = {}) =>
    call('POST', '/proxies', { name, listen: '127.0.0.1:0', upstream: `127.0.0.1:${server.port}`, ...more });

  suite('says its version', async () => {
    expect(await call('GET', '/version')).toEqual({ status: 200, body: { version: expect.any(String) } });
  });

  suite('creates, shows, changes and removes a proxy', async () => {
    const made = await create('one');
    const proxy = {
      ...{ name: 'one', enabled: true, toxics: [], upstream: `127.0.0.1:${server.port}` },
      listen: expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/),
    };
    expect(made).toEqual({ status: 201, body: expect.objectContaining(proxy) });
    expect(await call('GET', '/proxies/one')).toEqual({ status: 200, body: expect.objectContaining(proxy) });
    expect((await call('GET', '/proxies')).body).toMatchObject({ one: proxy });
    const off = { ...proxy, enabled: false };
    expect(await call('POST', '/proxies/one', { enabled: false })).toEqual({
      status: 200,
      body: expect.objectContaining(off),
    });
    expect(await call('PATCH', '/proxies/one', { enabled: true })).toEqual({
      status: 200,
      body: expect.objectContaining(proxy),
    });
    expect(await call('DELETE', '/proxies/one')).toEqual({ status: 204, body: undefined });
    expect(await call('GET', '/proxies/one')).toEqual(error(404, 'proxy not found'));
  });

  suite('a proxy that is made disabled does not listen', async () => {
    expect((await create('off', { enabled: false })).body).toMatchObject({ enabled: false });
    await call('DELETE', '/proxies/off');
  });

  suite('adds, shows, changes and removes toxics', async () => {
    await create('two');
    const toxics = '/proxies/two/toxics';
    const latency = { name: 'latency_downstream', type: 'latency', stream: 'downstream', toxicity: 1 };
    expect(await call('POST', toxics, { type: 'latency', attributes: { latency: 100, unknown: 1 } })).toEqual({
      status: 200,
      body: { ...latency, attributes: { latency: 100, jitter: 0 } },
    });
    const changed = { ...latency, toxicity: 0.5, attributes: { latency: 100, jitter: 20 } };
    expect(await call('PATCH', `${toxics}/latency_downstream`, { toxicity: 0.5, attributes: { jitter: 20 } })).toEqual({
      ...{ status: 200, body: changed },
    });
    for (const [type, attributes] of [
      ['bandwidth', { rate: 100 }],
      ['slow_close', { delay: 100 }],
      ['timeout', { timeout: 0 }],
      ['reset_peer', { timeout: 0 }],
      ['slicer', { average_size: 100, size_variation: 10, delay: 10 }],
      ['limit_data', { bytes: 1000 }],
    ] as const) {
      const toxic = { name: type, type, stream: 'upstream', attributes };
      expect(await call('POST', toxics, toxic)).toEqual({ status: 200, body: { ...toxic, toxicity: 1 } });
    }
    expect((await call('GET', toxics)).body).toHaveLength(7);
    expect(await call('GET', `${toxics}/slicer`)).toMatchObject({ status: 200, body: { type: 'slicer' } });
    expect(await call('DELETE', `${toxics}/slicer`)).toEqual({ status: 204, body: undefined });
    expect(await call('GET', `${toxics}/slicer`)).toEqual(error(404, 'toxic not found'));
    await call('POST', '/proxies/two', { enabled: false });
    expect(await call('POST', '/reset')).toEqual({ status: 204, body: undefined });
    expect((await call('GET', '/proxies/two')).body).toMatchObject({ enabled: true, toxics: [] });
    await call('DELETE', '/proxies/two');
  });

  suite('populates, and leaves alone what is as asked', async () => {
    const wanted = [{ name: 'three', listen: '127.0.0.1:0', upstream: `127.0.0.1:${server.port}` }];
    const made = await call('POST', '/populate', wanted);
    expect(made).toMatchObject({ status: 201, body: { proxies: [{ name: 'three', enabled: true }] } });
    const { listen } = (made.body as { proxies: { listen: string }[] }).proxies[0] ?? { listen: '' };
    await call('POST', '/proxies/three/toxics', { type: 'latency', attributes: { latency: 5 } });
    await call('POST', '/populate', [{ ...wanted[0], listen }]);
    expect((await call('GET', '/proxies/three')).body).toMatchObject({ listen, toxics: [{ type: 'latency' }] });
    await call('DELETE', '/proxies/three');
  });

  suite('says what is wrong with a call', async () => {
    await create('four');
    const toxics = '/proxies/four/toxics';
    expect(await create('four')).toEqual(error(409, 'proxy already exists'));
    expect(await call('POST', '/proxies', { upstream: 'a:1' })).toEqual(error(400, 'missing required field: name'));
    expect(await call('POST', '/proxies', { name: 'a' })).toEqual(error(400, 'missing required field: upstream'));
    expect(await call('POST', '/proxies', 'no json')).toEqual(error(400, 'bad request body'));
    expect(await call('POST', '/proxies/nobody', {})).toEqual(error(404, 'proxy not found'));
    expect(await call('DELETE', '/proxies/nobody')).toEqual(error(404, 'proxy not found'));
    expect(await call('POST', toxics, { type: 'nothing' })).toEqual(error(400, 'invalid toxic type'));
    expect(await call('POST', toxics, { type: 'latency', stream: 'up' })).toEqual(error(400, 'stream was invalid'));
    expect(await call('POST', toxics, { type: 'latency', attributes: { latency: 'a' } })).toEqual(
      error(400, 'bad request body'),
    );
    await call('POST', toxics, { type: 'timeout', attributes: { timeout: 0 } });
    expect(await call('POST', toxics, { type: 'timeout' })).toEqual(error(409, 'toxic already exists'));
    expect(await call('DELETE', `${toxics}/none`)).toEqual(error(404, 'toxic not found'));
    const browser = await fetch(`${api}/version`, { headers: { 'user-agent': 'Mozilla/5.0' } });
    expect(browser.status).toBe(403);
    await call('DELETE', '/proxies/four');
  });

  suite('metrics have the names and labels of Toxiproxy', async () => {
    const { listen } = (await create('five')).body as { listen: string };
    const client = await openClient(Number(listen.split(':')[1]));
    client.socket.end('12345');
    const far = await server.peer(0);
    await far.ended;
    far.socket.end();
    await client.ended;
    const labels = { direction: 'upstream', proxy: 'five', listener: listen, upstream: `127.0.0.1:${server.port}` };
    for (const name of ['toxiproxy_proxy_received_bytes_total', 'toxiproxy_proxy_sent_bytes_total']) {
      const line = await until(async () => {
        const text = await (await fetch(`${api}/metrics`)).text();
        expect(text).toContain(`# TYPE ${name} counter`);
        return text
          .split('\n')
          .find((each) => each.startsWith(`${name}{`) && each.includes('"five"') && each.includes('upstream",'));
      });
      for (const [label, value] of Object.entries(labels)) expect(line).toContain(`${label}="${value}"`);
      expect(line).toMatch(/ 5$/);
    }
    await call('DELETE', '/proxies/five');
  });
});

test('the own proxy listens on 127.0.0.1 only, and takes no endless bodies', async () => {
  const proxy = await startLinkProxy({
    guard: processGuard(),
    clock: systemClock,
    signal: new AbortController().signal,
  });
  try {
    const post = (body: string) => fetch(`${proxy.api}/proxies`, { method: 'POST', body }).then(({ status }) => status);
    expect(proxy.api).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await post(JSON.stringify({ name: 'a', listen: '0.0.0.0:0', upstream: '127.0.0.1:1' }))).toBe(400);
    expect(await post(JSON.stringify({ name: 'x'.repeat(1_000_000), upstream: '127.0.0.1:1' }))).toBe(413);
  } finally {
    await proxy.stop();
  }
});
