// One HTTP exchange, bounded in time and size, whose failure is told in words: connection refused by 127.0.0.1:8080.

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

/** Does not follow redirects. Rejects only when `signal` aborts. */
export async function fetchText(request: FetchRequest, signal: AbortSignal): Promise<FetchResult> {
  signal.throwIfAborted();
  const { method, url, headers, body, timeoutMs } = request;
  const expired = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      // A connection of its own: one kept from before a restart would make the first request after it fail.
      headers: { ...headers, connection: 'close' },
      redirect: 'manual',
      signal: AbortSignal.any([signal, expired]),
      ...(body === undefined ? {} : { body }),
    });
    const text = await readText(response);
    if (text === undefined) {
      return { ok: false, why: 'too-large', reason: `the answer is longer than ${MAX_BODY_BYTES / 1024 / 1024} MiB` };
    }
    return { ok: true, status: response.status, headers: Object.fromEntries(response.headers), body: text };
  } catch (error) {
    signal.throwIfAborted();
    if (expired.aborted) return { ok: false, why: 'timeout', reason: `no answer within ${timeoutMs} ms` };
    return { ok: false, why: 'unreachable', reason: describeFetchError(error, url) };
  }
}

/** Undefined when there is more of it than the limit; the rest is not read. */
async function readText(response: Response): Promise<string | undefined> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined; // leaving the loop cancels the body
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function describeFetchError(error: unknown, url: string): string {
  // `fetch failed` says nothing; what happened is the innermost cause.
  let cause = error;
  while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause;
  const { code, message = String(cause) } = cause as { code?: string; message?: string };
  const where = URL.canParse(url) ? new URL(url).host : url;
  if (code === 'ECONNREFUSED') return `connection refused by ${where}`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `no such host: ${where}`;
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return `${where} closed the connection without an answer`;
  return message === '' ? `${where}: ${code ?? 'unknown error'}` : message;
}
