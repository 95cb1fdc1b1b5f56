// The keeper's small HTTP API for faults by hand: on 127.0.0.1, for those who can read the token in its state file.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TestcardError } from '../../model/errors.ts';
import { errorToSend } from './error-to-send.ts';
import type { ManualFaultRequest } from './manual-fault.ts';
import type { ManualFaults } from './manual-faults.ts';
import type { ControlAddress } from './state.ts';

const HOST = '127.0.0.1';
const MAX_BODY_BYTES = 64 * 1024;
const MAX_CONNECTIONS = 32;
const HEADERS_WITHIN_MS = 5_000;
const REQUEST_WITHIN_MS = 10_000;

export interface FaultApi {
  address: ControlAddress;
  close(): Promise<void>;
}

type Route = (request: { parts: string[]; body: unknown; signal: AbortSignal }) => Promise<unknown> | unknown;

/** `GET /faults`, `POST /faults`, `DELETE /faults`, `DELETE /faults/<id>`, `POST /services/<name>/start`; each with `authorization: Bearer <token>`. */
export async function openFaultApi(faults: ManualFaults): Promise<FaultApi> {
  const token = randomBytes(24).toString('base64url');
  const routes: [string, RegExp, Route][] = [
    ['GET', /^\/faults$/, () => faults.list()],
    ['POST', /^\/faults$/, ({ body, signal }) => faults.inject(requestFrom(body), signal)],
    ['DELETE', /^\/faults$/, () => faults.revertAll()],
    ['DELETE', /^\/faults\/([^/]+)$/, ({ parts: [id = ''] }) => faults.revert(id)],
    [
      'POST',
      /^\/services\/([^/]+)\/start$/,
      ({ parts: [name = ''], signal }) => faults.startService(decodeURIComponent(name), signal),
    ],
  ];
  const server = createServer(
    { headersTimeout: HEADERS_WITHIN_MS, requestTimeout: REQUEST_WITHIN_MS },
    (request, response) => {
      void answer(request, response, routes, token);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, resolve);
  });
  const { port } = server.address() as AddressInfo; // listening on TCP
  return {
    address: { url: `http://${HOST}:${port}`, token },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly [string, RegExp, Route][],
  token: string,
): Promise<void> {
  const send = (status: number, value: unknown) => {
    if (response.destroyed) return;
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(value));
  };
  // A command that is gone (Ctrl-C) does not want its fault any more.
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished)
      gone.abort(new TestcardError('INTERRUPTED', 'the command that asked for it is gone'));
  });
  try {
    if (!isAllowed(request.headers.authorization, token)) {
      send(401, { error: errorToSend(new TestcardError('USAGE', 'not the token of this environment')) });
      return;
    }
    const path = new URL(request.url ?? '/', `http://${HOST}`).pathname;
    for (const [method, pattern, route] of routes) {
      const match = pattern.exec(path);
      if (!match || request.method !== method) continue;
      const body = await readBody(request);
      send(200, await route({ parts: match.slice(1), body, signal: gone.signal }));
      return;
    }
    send(404, { error: errorToSend(new TestcardError('USAGE', `there is no ${request.method} ${path}`)) });
  } catch (error) {
    send(422, { error: errorToSend(error) });
  }
}

function isAllowed(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES)
      throw new TestcardError('LIMIT_EXCEEDED', `more than ${MAX_BODY_BYTES} bytes were sent`);
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new TestcardError('USAGE', 'the body is no JSON');
  }
}

function requestFrom(body: unknown): ManualFaultRequest {
  const { key, input, forMs } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  if (typeof key !== 'string' || (forMs !== undefined && typeof forMs !== 'number')) {
    throw new TestcardError('USAGE', 'expected { key, input, forMs? }');
  }
  return { key, input, forMs };
}
