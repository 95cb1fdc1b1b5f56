// One HTTP exchange, bounded in time and size, whose failure is told in words: connection refused by 127.0.0.1:8080.

import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

export const MAX_BODY_BYTES = 4 * 1024 * 1024;

export type FetchResult =
  | { ok: true; status: number; headers: Record<string, string>; body: string }
  | { ok: false; why: 'unreachable' | 'timeout' | 'too-large'; reason: string };

export interface FetchRequest {
  method: string;
  url: string;
  headers?: Record<string, string> | undefined;
  body?: string | undefined;
  timeoutMs: number;
  /** Connections to be used again, for whoever asks the same address all the time. Default: a connection of its own. */
  connections?: Connections | undefined;
}

/** Open connections; `close` ends them. */
export interface Connections {
  agent: Agent;
  close(): void;
}

export function keepConnections(): Connections {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 1 });
  return { agent, close: () => agent.destroy() };
}

/** Does not follow redirects. Rejects only when `signal` aborts. */
export async function fetchText(request: FetchRequest, signal: AbortSignal): Promise<FetchResult> {
  signal.throwIfAborted();
  const first = await exchange(request, signal);
  // A kept connection may have been closed from the other side (a restart) just when it was used again: then a new one tells.
  const result = first === 'stale' ? await exchange({ ...request, connections: undefined }, signal) : first;
  return result === 'stale' ? { ok: false, why: 'unreachable', reason: 'the connection was closed' } : result;
}

function exchange(request: FetchRequest, signal: AbortSignal): Promise<FetchResult | 'stale'> {
  const { method, url, headers = {}, body, timeoutMs, connections } = request;
  const { promise, resolve, reject } = Promise.withResolvers<FetchResult | 'stale'>();
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const sent = send(url, {
    method,
    headers: connections ? headers : { ...headers, connection: 'close' },
    // A connection of its own: one kept from before a restart would make the first request after it fail.
    agent: connections?.agent ?? false,
  });
  const end = (result: FetchResult | 'stale') => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    resolve(result);
  };
  const onAbort = () => {
    clearTimeout(timer);
    sent.destroy();
    reject(signal.reason);
  };
  const timer = setTimeout(() => {
    end({ ok: false, why: 'timeout', reason: `no answer within ${timeoutMs} ms` });
    sent.destroy();
  }, timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  let answered = false;
  sent.on('response', (response) => {
    answered = true;
    readText(response).then(
      (text) => {
        if (text !== undefined) {
          end({ ok: true, status: response.statusCode ?? 0, headers: headersOf(response), body: text });
          return;
        }
        end({ ok: false, why: 'too-large', reason: `the answer is longer than ${MAX_BODY_BYTES / 1024 / 1024} MiB` });
        sent.destroy();
      },
      (error: unknown) => end({ ok: false, why: 'unreachable', reason: describeError(error, url) }),
    );
  });
  sent.on('error', (error) => {
    const isStale = sent.reusedSocket && !answered;
    end(isStale ? 'stale' : { ok: false, why: 'unreachable', reason: describeError(error, url) });
  });
  sent.end(body);
  return promise;
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

/** Undefined when there is more of it than the limit; the rest is not read. */
function readText(response: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) resolve(undefined);
      else chunks.push(chunk);
    });
    response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.on('error', reject);
    response.on('aborted', () => reject(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })));
  });
}

function describeError(error: unknown, url: string): string {
  const { code, message = String(error) } = error as { code?: string; message?: string };
  const where = URL.canParse(url) ? new URL(url).host : url;
  if (code === 'ECONNREFUSED') return `connection refused by ${where}`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `no such host: ${where}`;
  if (code === 'ECONNRESET' || code === 'EPIPE') return `${where} closed the connection without an answer`;
  return message === '' ? `${where}: ${code ?? 'unknown error'}` : message;
}
