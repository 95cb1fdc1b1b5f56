// The HTTP API of Toxiproxy (v2) over the proxies of this process.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ApiError } from './api-error.ts';
import { formatMetrics } from './metrics.ts';
import { type Proxies, proxyBody } from './proxies.ts';
import { readToxic, toxicBody, updateToxic } from './toxic.ts';

/** Of the Toxiproxy whose API this is. */
const VERSION = '2.12.0';
const MAX_BODY_BYTES = 256 * 1024;

interface Answer {
  status: number;
  type?: string;
  body?: string;
}

const json = (status: number, value: unknown): Answer => ({ status, body: JSON.stringify(value) });

export function createApi(proxies: Proxies): Server {
  const server = createServer((request, response) => {
    void answer(proxies, request).then((result) => send(response, result));
  });
  // An API call takes a moment; a caller that dawdles is let go.
  server.requestTimeout = 15_000;
  server.maxConnections = 200;
  return server;
}

async function answer(proxies: Proxies, request: IncomingMessage): Promise<Answer> {
  try {
    // Toxiproxy turns browsers away, so that no web page can drive it.
    if (request.headers['user-agent']?.startsWith('Mozilla/')) throw new ApiError(403, 'User agent not allowed');
    return await route(proxies, request);
  } catch (error) {
    const { status, message } = error instanceof ApiError ? error : new ApiError(500, String(error));
    return json(status, { error: message, status });
  }
}

async function route(proxies: Proxies, request: IncomingMessage): Promise<Answer> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const [root = '', proxyName, toxics, toxicName, ...more] = pathname.slice(1).split('/').map(decode);
  const method = request.method ?? '';
  const isWrite = method === 'POST' || method === 'PATCH';
  if (more.length > 0) throw notFound();
  if (root !== 'proxies') {
    if (proxyName !== undefined) throw notFound();
    return await routeRoot(proxies, root, method, request);
  }
  if (proxyName === undefined) {
    if (method === 'GET') return json(200, Object.fromEntries(proxies.all().map((one) => [one.name, proxyBody(one)])));
    if (method === 'POST') return json(201, proxyBody(await proxies.create(await readObject(request))));
    throw notAllowed();
  }
  const proxy = proxies.get(proxyName);
  if (toxics === undefined) {
    if (method === 'GET') return json(200, proxyBody(proxy));
    if (isWrite) return json(200, proxyBody(await proxies.update(proxyName, await readObject(request))));
    if (method !== 'DELETE') throw notAllowed();
    await proxies.remove(proxyName);
    return { status: 204 };
  }
  if (toxics !== 'toxics') throw notFound();
  if (toxicName === undefined) {
    if (method === 'GET') return json(200, proxy.toxics.map(toxicBody));
    if (method !== 'POST') throw notAllowed();
    const toxic = readToxic(await readObject(request));
    proxy.addToxic(toxic);
    return json(200, toxicBody(toxic));
  }
  const toxic = proxy.toxic(toxicName);
  if (method === 'GET') return json(200, toxicBody(toxic));
  if (isWrite) {
    updateToxic(toxic, await readObject(request));
    proxy.toxicChanged(toxic);
    return json(200, toxicBody(toxic));
  }
  if (method !== 'DELETE') throw notAllowed();
  proxy.removeToxic(toxic);
  return { status: 204 };
}

async function routeRoot(proxies: Proxies, root: string, method: string, request: IncomingMessage): Promise<Answer> {
  if (root === 'version' && method === 'GET') return json(200, { version: VERSION });
  if (root === 'metrics' && method === 'GET') {
    return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: formatMetrics(proxies.all()) };
  }
  if (root === 'reset' && method === 'POST') {
    await proxies.reset();
    return { status: 204 };
  }
  if (root === 'populate' && method === 'POST') {
    const bodies = await readJson(request);
    if (!Array.isArray(bodies) || !bodies.every(isObject))
      throw new ApiError(400, 'bad request body: no list of proxies');
    return json(201, { proxies: (await proxies.populate(bodies)).map(proxyBody) });
  }
  if (['version', 'metrics', 'reset', 'populate'].includes(root)) throw notAllowed();
  throw notFound();
}

function send(response: ServerResponse, { status, type = 'application/json', body }: Answer): void {
  response.writeHead(status, body === undefined ? {} : { 'content-type': type });
  response.end(body);
}

async function readObject(request: IncomingMessage): Promise<Record<string, unknown>> {
  const body = await readJson(request);
  if (!isObject(body)) throw new ApiError(400, 'bad request body: no object');
  return body;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new ApiError(413, `bad request body: more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new ApiError(400, 'bad request body: no JSON');
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw notFound();
  }
}

const notFound = () => new ApiError(404, 'not found');
const notAllowed = () => new ApiError(405, 'method not allowed');
