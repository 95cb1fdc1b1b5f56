import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { keepConnections, MAX_BODY_BYTES } from './fetch-text.ts';

const never = new AbortController().signal;

/** A server that answers the n-th request (from 0) with what `answer` writes; `connections` counts. */
async function serve(answer: (socket: Socket, nth: number, request: string) => void) {
  let [requests, connections] = [0, 0];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (request) => answer(socket, requests++, request.toString()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kept = keepConnections();
  onTestFinished(() => {
    kept.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = `http://user:p%40ss@127.0.0.1:${(server.address() as AddressInfo).port}/metrics?all=1`;
  return {
    url,
    ask: (timeoutMs = 2_000, signal = never) => kept.get({ url, timeoutMs }, signal),
    connections: () => connections,
  };
}

const whole = (body: string, more = '') =>
  `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

test('asks again over the same connection, with path, host and login', async () => {
  const requests: string[] = [];
  const { ask, connections } = await serve((socket, nth, request) => {
    requests.push(request);
    socket.write(whole(`ünd ${nth}`, 'x-many: a\r\nX-Many: b\r\n'));
  });
  for (const nth of [0, 1, 2]) expect(await ask()).toMatchObject({ ok: true, status: 200, body: `ünd ${nth}` });
  expect((await ask()) as object).toMatchObject({ headers: { 'content-type': 'text/plain', 'x-many': 'a, b' } });
  expect(connections()).toBe(1);
  expect(requests[0]).toMatch(/^GET \/metrics\?all=1 HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/);
  expect(requests[0]).toContain(`authorization: Basic ${Buffer.from('user:p@ss').toString('base64')}\r\n`);
});

test('reads answers in pieces, in chunks, after an interim one, and up to the end of the connection', async () => {
  const { ask } = await serve((socket, nth) => {
    if (nth === 0) for (const char of whole('piece by piece')) socket.write(char);
    if (nth === 1)
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n');
    if (nth === 2) socket.write(`HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${whole('late')}`);
    if (nth === 3) socket.end('HTTP/1.1 503 Busy\r\n\r\nto the end');
    if (nth === 4) socket.write(whole('again'));
  });
  for (const [status, body] of [
    [200, 'piece by piece'],
    [200, 'abcde'],
    [200, 'late'],
    [503, 'to the end'],
    [200, 'again'],
  ])
    expect(await ask()).toMatchObject({ ok: true, status, body });
});

test('asks again on a new connection when the kept one was closed, and obeys an answer that closes', async () => {
  const { ask, connections } = await serve((socket, nth) => {
    if (nth === 1)
      socket.destroy(); // as a service that is started again
    else if (nth === 3) socket.end(whole('last', 'connection: close\r\n'));
    else socket.write(whole(`${nth}`));
  });
  const bodies = [];
  for (let nth = 0; nth < 4; nth += 1) bodies.push(await ask());
  expect(bodies).toMatchObject([{ body: '0' }, { body: '2' }, { body: 'last' }, { body: '4' }]);
  expect(connections()).toBe(4); // 0; the one alone after the close; 3; 4
});

test('says in words why there is no answer', async () => {
  const silent = await serve(() => {});
  expect(await silent.ask(50)).toEqual({ ok: false, why: 'timeout', reason: 'no answer within 50 ms' });
  const large = await serve((socket) => socket.write(whole('x'.repeat(MAX_BODY_BYTES + 1))));
  expect(await large.ask()).toMatchObject({ why: 'too-large', reason: 'the answer is longer than 4 MiB' });
  const broken = await serve((socket) => socket.write('not HTTP at all\r\n\r\n'));
  expect(await broken.ask()).toMatchObject({ ok: false, why: 'unreachable' });
  const gone = await serve((socket) => socket.destroy());
  expect(await gone.ask()).toMatchObject({ reason: expect.stringMatching(/closed the connection without an answer$/) });
});

test('gives the exchange up when asked to, and begins anew after it', async () => {
  let isToAnswer = false;
  const { ask } = await serve((socket) => {
    if (isToAnswer) socket.write(whole('second'));
  });
  const control = new AbortController();
  const asked = ask(2_000, control.signal);
  control.abort(new Error('enough'));
  await expect(asked).rejects.toThrow('enough');
  isToAnswer = true;
  expect(await ask()).toMatchObject({ body: 'second' });
});
