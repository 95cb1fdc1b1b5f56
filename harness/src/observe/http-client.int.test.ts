import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock as clock } from '../base/clock.ts';
import type { HttpPort } from '../model/ports.ts';
import { createHttpClient } from './http-client.ts';
import { startServer, type TestServer } from './testing.ts';

const never = new AbortController().signal;
let server: TestServer;
let other: TestServer;
let http: HttpPort;

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { method, url, headers } = request;
  response.setHeader('x-reply', 'yes');
  response.end(JSON.stringify({ method, url, headers, body }));
}

beforeAll(async () => {
  other = await startServer(echo);
  server = await startServer((request, response) => {
    const [, status, ...rest] = (request.url ?? '').split('/');
    if (request.url === '/hold') return;
    if (request.url === '/cut') request.socket.destroy();
    else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
    else if (request.url === '/big') response.end(Buffer.alloc(5 * 1024 * 1024));
    else if (request.url === '/away') response.writeHead(307, { location: 'http://other/there' }).end();
    else if (/^30\d$/.test(status ?? '')) response.writeHead(Number(status), { location: `/${rest.join('/')}` }).end();
    else void echo(request, response);
  });
  http = createHttpClient({
    clock,
    resolve: (url) => url.replace('http://svc', server.url).replace('http://other', other.url),
  });
});
afterAll(async () => {
  await server.close();
  await other.close();
});

const ask = (url: string, options: Partial<Parameters<HttpPort['request']>[0]> = {}) =>
  http.request({ method: 'GET', url: `http://svc${url}`, ...options }, never);

describe('createHttpClient', () => {
  it('sends method, headers and body, and gives back status, headers and body', async () => {
    const response = await ask('/x?y=1', { method: 'post', headers: { 'X-Ask': 'a' }, body: 'hello' });
    expect(response).toMatchObject({ status: 200, headers: { 'x-reply': 'yes' } });
    expect(response.elapsedMs).toBeGreaterThan(0);
    expect(JSON.parse(response.body)).toMatchObject({
      method: 'POST',
      url: '/x?y=1',
      headers: { 'x-ask': 'a' },
      body: 'hello',
    });
  });

  it.each([
    [303, 'GET', ''],
    [302, 'GET', ''],
    [307, 'POST', 'hello'],
    [308, 'POST', 'hello'],
  ])('follows a %d as %s', async (status, method, body) => {
    const response = await ask(`/${status}/final`, { method: 'POST', body: 'hello' });
    expect(JSON.parse(response.body)).toMatchObject({ method, url: '/final', body });
  });

  it('maps the address that a redirect names, and does not carry credentials to it', async () => {
    const headers = { authorization: 'secret', cookie: 'c', 'x-plain': 'p' };
    const { headers: got } = JSON.parse((await ask('/away', { headers })).body) as { headers: Record<string, string> };
    expect(got).toMatchObject({ 'x-plain': 'p', host: other.url.slice('http://'.length) });
    expect(got).not.toHaveProperty('authorization');
    expect(got).not.toHaveProperty('cookie');
    const near = JSON.parse((await ask('/307/near', { headers })).body) as { headers: Record<string, string> };
    expect(near.headers).toMatchObject({ authorization: 'secret' });
  });

  it.each([
    ['/loop', 'STEP_INCONCLUSIVE', 'GET http://svc/loop: more than 5 redirects'],
    ['/big', 'LIMIT_EXCEEDED', 'GET http://svc/big: the answer is longer than 4 MiB'],
    ['/hold', 'STEP_INCONCLUSIVE', 'GET http://svc/hold: no answer within 200 ms'],
    ['/cut', 'STEP_INCONCLUSIVE', 'closed the connection without an answer'],
  ])('says what went wrong with %s', async (url, code, message) => {
    const asking = ask(url, { timeoutMs: 200 });
    await expect(asking).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it('says who refused the connection', async () => {
    const gone = await startServer(() => {});
    await gone.close();
    const asking = http.request({ method: 'GET', url: `${gone.url}/x` }, never);
    await expect(asking).rejects.toMatchObject({
      code: 'STEP_INCONCLUSIVE',
      message: `GET ${gone.url}/x: connection refused by ${gone.url.slice('http://'.length)}`,
    });
  });

  it('takes a new connection for each request: one kept from before a restart would fail the next', async () => {
    let connections = 0;
    const counted = await startServer(echo);
    counted.server.on('connection', () => {
      connections += 1;
    });
    for (let count = 0; count < 3; count += 1) await http.request({ method: 'GET', url: counted.url }, never);
    await counted.close();
    expect(connections).toBe(3);
  });

  it('answers from a server that was restarted in between', async () => {
    const first = await startServer(echo);
    await http.request({ method: 'GET', url: first.url }, never);
    await first.close();
    const second = await startServer(echo, Number(new URL(first.url).port));
    expect((await http.request({ method: 'GET', url: first.url }, never)).status).toBe(200);
    await second.close();
  });

  it('stops with its signal, and takes no other protocols', async () => {
    const kase = new AbortController();
    const asking = http.request({ method: 'GET', url: 'http://svc/hold' }, kase.signal);
    kase.abort(new Error('time is up'));
    await expect(asking).rejects.toThrow('time is up');
    const file = http.request({ method: 'GET', url: 'file:///etc/hosts' }, never);
    await expect(file).rejects.toMatchObject({
      message: expect.stringContaining('not an http:// or https:// address'),
    });
  });
});
