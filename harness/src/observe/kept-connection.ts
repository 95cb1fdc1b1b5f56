// A connection that asks one http:// origin again and again. Node's own client takes three times the processor for the same exchange (an agent,
// a request, a response and three streams each time), which is most of what watching a pipeline costs; the parser is a package.

import { connect, type Socket } from 'node:net';
import { HTTPParser } from 'http-parser-js';

export interface KeptAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** `stale`: a connection used before was closed before anything of an answer came. Ask again on a new one. */
export type KeptEnding = KeptAnswer | 'stale' | 'too-large' | 'timeout' | { error: Error };

export interface KeptLimits {
  timeoutMs: number;
  maxBytes: number;
}

/** One exchange at a time. */
export class KeptConnection {
  readonly #origin: URL;
  #socket: Socket | undefined;
  /** Of the exchange in flight. */
  #gone: ((error: Error) => void) | undefined;
  /** What the exchange in flight does with bytes. A server that sends any without being asked is not asked on this connection again. */
  #read: ((chunk: Buffer) => void) | undefined;

  constructor(origin: URL) {
    this.#origin = origin;
  }

  get isBusy(): boolean {
    return this.#gone !== undefined;
  }

  /** Rejects only when `signal` aborts. */
  get(url: URL, { timeoutMs, maxBytes }: KeptLimits, signal: AbortSignal): Promise<KeptEnding> {
    const { promise, resolve, reject } = Promise.withResolvers<KeptEnding>();
    const isReused = this.#socket !== undefined;
    const socket = this.#socket ?? this.#open();
    let isAnswered = false;
    let isOver = false;
    const over = (keep: boolean) => {
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      this.#gone = undefined;
      this.#read = undefined;
      if (!keep) this.close();
    };
    const end = (ending: KeptEnding, keep = false) => {
      if (isOver) return;
      over(keep);
      resolve(ending);
    };
    const onAbort = () => {
      over(false);
      reject(signal.reason);
    };
    const timer = setTimeout(end, timeoutMs, 'timeout');
    signal.addEventListener('abort', onAbort, { once: true });
    const parser = answerParser(maxBytes, end);
    this.#gone = (error) => {
      // An answer without a length is over when the connection is.
      if (isAnswered && error.message === ENDED) parser.finish();
      end(isReused && !isAnswered ? 'stale' : { error });
    };
    this.#read = (chunk) => {
      isAnswered = true;
      const result = parser.execute(chunk);
      if (typeof result !== 'number') end({ error: result });
    };
    socket.write(requestFor(url));
    return promise;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    const { hostname, port } = this.#origin;
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), noDelay: true });
    const gone = (error: Error) => {
      if (this.#socket !== socket) return; // closed on purpose, and perhaps another is in its place
      this.#socket = undefined;
      this.#gone?.(error);
    };
    // One listener for all exchanges: each that is added or taken away makes the stream think again about whether it flows.
    socket.on('data', (chunk: Buffer) => {
      if (this.#read) this.#read(chunk);
      else this.close();
    });
    socket.on('error', gone);
    socket.on('close', () => gone(Object.assign(new Error(ENDED), { code: 'ECONNRESET' })));
    this.#socket = socket;
    return socket;
  }
}

const ENDED = 'the connection ended';

function answerParser(maxBytes: number, end: (ending: KeptEnding, keep?: boolean) => void) {
  const parser = new HTTPParser('RESPONSE');
  const chunks: Buffer[] = [];
  let size = 0;
  let status = 0;
  let keep = false;
  let headers: Record<string, string> = {};
  parser[HTTPParser.kOnHeadersComplete] = (info) => {
    status = info.statusCode;
    keep = info.shouldKeepAlive;
    headers = headersOf(info.headers);
  };
  parser[HTTPParser.kOnBody] = (chunk, offset, length) => {
    size += length;
    if (size > maxBytes) end('too-large');
    else chunks.push(chunk.subarray(offset, offset + length));
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    if (status < 200) return; // an interim answer (RFC 9110, section 15.2): the real one follows
    end({ status, headers, body: Buffer.concat(chunks).toString('utf8') }, keep);
  };
  return parser;
}

/** Names in small letters; a header that comes several times is joined (RFC 9110, section 5.3). */
function headersOf(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const [name, value] = [(raw[index] ?? '').toLowerCase(), raw[index + 1] ?? ''];
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}

function requestFor({ host, pathname, search, username, password }: URL): string {
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const login =
    username === '' && password === '' ? '' : `authorization: Basic ${Buffer.from(user).toString('base64')}\r\n`;
  return `GET ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\n${login}\r\n`;
}
