// One HTTP exchange, bounded in time and size, whose failure is told in words: connection refused by 127.0.0.1:8080.

import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { KeptConnection } from './kept-connection.ts';

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
}

/** Asks addresses again and again, over connections that stay open. */
export interface Connections {
  /** As `fetchText` with GET. */
  get(request: Pick<FetchRequest, 'url' | 'timeoutMs'>, signal: AbortSignal): Promise<FetchResult>;
  close(): void;
}

/** For http:// addresses; others get a connection for each question. */
export function keepConnections(): Connections {
  const kept = new Map<string, { url: URL; connection: KeptConnection }>();
  const connectionTo = (url: string) => {
    let found = kept.get(url);
    if (found === undefined) {
      const parsed = new URL(url);
      found = { url: parsed, connection: new KeptConnection(parsed) };
      kept.set(url, found);
    }
    return found;
  };
  return {
    async get({ url, timeoutMs }, signal) {
      signal.throwIfAborted();
      const alone = () => fetchText({ method: 'GET', url, timeoutMs }, signal);
      if (!url.startsWith('http:')) return alone();
      const { url: parsed, connection } = connectionTo(url);
      if (connection.isBusy) return alone();
      const ending = await connection.get(parsed, { timeoutMs, maxBytes: MAX_BODY_BYTES }, signal);
      // Closed from the other side (a restart) just when it was used again: a new one tells.
      if (ending === 'stale') return alone();
      if (ending === 'timeout') return timedOut(timeoutMs);
      if (ending === 'too-large') return tooLarge();
      if ('error' in ending) return { ok: false, why: 'unreachable', reason: describeError(ending.error, url) };
      return { ok: true, ...ending };
    },
    close() {
      for (const { connection } of kept.values()) connection.close();
    },
  };
}

const timedOut = (timeoutMs: number): FetchResult => ({
  ok: false,
  why: 'timeout',
  reason: `no answer within ${timeoutMs} ms`,
});
const tooLarge = (): FetchResult => ({
  ok: false,
  why: 'too-large',
  reason: `the answer is longer than ${MAX_BODY_BYTES / 1024 / 1024} MiB`,
});

/** Does not follow redirects. Rejects only when `signal` aborts. */
export function fetchText(request: FetchRequest, signal: AbortSignal): Promise<FetchResult> {
  const { method, url, headers = {}, body, timeoutMs } = request;
  const { promise, resolve, reject } = Promise.withResolvers<FetchResult>();
  if (signal.aborted) return Promise.reject(signal.reason);
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const sent = send(url, {
    method,
    // A connection of its own: one kept from before a restart would make the first request after it fail.
    headers: { ...headers, connection: 'close' },
    agent: false,
  });
  const end = (result: FetchResult) => {
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
    end(timedOut(timeoutMs));
    sent.destroy();
  }, timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  sent.on('response', (response) => {
    readText(response).then(
      (text) => {
        if (text !== undefined) {
          end({ ok: true, status: response.statusCode ?? 0, headers: headersOf(response), body: text });
          return;
        }
        end(tooLarge());
        sent.destroy();
      },
      (error: unknown) => end({ ok: false, why: 'unreachable', reason: describeError(error, url) }),
    );
  });
  sent.on('error', (error) => end({ ok: false, why: 'unreachable', reason: describeError(error, url) }));
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
