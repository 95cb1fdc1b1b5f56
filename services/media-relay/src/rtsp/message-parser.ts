// Splits an RTSP connection's bytes into requests and interleaved packets (RFC 2326, 4 to 7 and 10.12), within bounds.

import { ProtocolError } from '../core/protocol-error.ts';

export interface RtspRequest {
  method: string;
  url: string;
  /** Names in lower case; the last of repeated headers counts. */
  headers: ReadonlyMap<string, string>;
  body: string;
}

export interface RtspMessageHandler {
  onRequest(request: RtspRequest): void;
  /** `packet` is a view into the received bytes. */
  onInterleaved(channel: number, packet: Buffer): void;
}

const MAX_HEAD_BYTES = 16 * 1024;
const MAX_BODY_BYTES = 64 * 1024;
const DOLLAR = 0x24;

export class RtspMessageParser {
  readonly #handler: RtspMessageHandler;
  #pending: Buffer = Buffer.alloc(0);

  constructor(handler: RtspMessageHandler) {
    this.#handler = handler;
  }

  push(chunk: Buffer): void {
    const data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    while (at < data.length) {
      const used = data[at] === DOLLAR ? this.#interleaved(data, at) : this.#message(data, at);
      if (used === 0) break;
      at += used;
    }
    this.#pending = data.subarray(at);
  }

  #interleaved(data: Buffer, at: number): number {
    if (at + 4 > data.length) return 0;
    const length = data.readUInt16BE(at + 2);
    if (at + 4 + length > data.length) return 0;
    this.#handler.onInterleaved(data.readUInt8(at + 1), data.subarray(at + 4, at + 4 + length));
    return 4 + length;
  }

  #message(data: Buffer, at: number): number {
    // Empty lines between messages are allowed, and some clients send them as keep-alive.
    if (data[at] === 0x0d || data[at] === 0x0a) return 1;
    const headEnd = data.indexOf('\r\n\r\n', at, 'latin1');
    const headLength = headEnd < 0 ? data.length - at : headEnd - at;
    if (headLength > MAX_HEAD_BYTES) throw new ProtocolError(`header longer than ${MAX_HEAD_BYTES} bytes`);
    if (headEnd < 0) {
      rejectBinary(data, at);
      return 0;
    }
    const [first = '', ...lines] = data.toString('latin1', at, headEnd).split('\r\n');
    const headers = parseHeaders(lines);
    const bodyLength = Number(headers.get('content-length') ?? 0);
    if (!Number.isInteger(bodyLength) || bodyLength < 0) throw new ProtocolError('malformed Content-Length');
    if (bodyLength > MAX_BODY_BYTES) throw new ProtocolError(`body longer than ${MAX_BODY_BYTES} bytes`);
    const bodyAt = headEnd + 4;
    if (bodyAt + bodyLength > data.length) return 0;
    const used = bodyAt + bodyLength - at;
    if (first.startsWith('RTSP/1.0 ')) return used; // an answer to nothing we asked: some clients answer keep-alives
    const match = /^([A-Z_]{3,16}) (\S{1,2048}) RTSP\/1\.\d$/.exec(first);
    if (match === null) throw new ProtocolError(`malformed request line: ${JSON.stringify(first.slice(0, 80))}`);
    const body = data.toString('utf8', bodyAt, bodyAt + bodyLength);
    this.#handler.onRequest({ method: match[1] ?? '', url: match[2] ?? '', headers, body });
    return used;
  }
}

/** Says early that this is not RTSP, instead of waiting for a header's end that never comes. */
function rejectBinary(data: Buffer, at: number): void {
  const end = Math.min(data.length, at + 16);
  for (let index = at; index < end; index += 1) {
    const byte = data[index] ?? 0;
    if (byte >= 0x80 || (byte < 0x20 && byte !== 0x0d && byte !== 0x0a)) throw new ProtocolError('not an RTSP request');
  }
}

function parseHeaders(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) throw new ProtocolError(`malformed header line: ${JSON.stringify(line.slice(0, 80))}`);
    headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}
