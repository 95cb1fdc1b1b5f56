// An answer of the RTSP server, and how it is written (RFC 2326, clause 7).

import { normalisePath } from '../core/path-name.ts';
import type { RtspRequest } from './message-parser.ts';

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string;
  /** Runs once the answer is on its way: what starts then follows it. */
  after?: () => void;
}

const REASONS: Record<number, string> = {
  200: 'OK',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  459: 'Aggregate Operation Not Allowed',
  461: 'Unsupported Transport',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export const METHODS =
  'OPTIONS, DESCRIBE, ANNOUNCE, SETUP, PLAY, PAUSE, RECORD, GET_PARAMETER, SET_PARAMETER, TEARDOWN';

export function replyText(request: RtspRequest, reply: Reply): string {
  const lines = [`RTSP/1.0 ${reply.status} ${REASONS[reply.status] ?? 'Unknown'}`];
  const cseq = request.headers.get('cseq');
  if (cseq !== undefined) lines.push(`CSeq: ${cseq.slice(0, 32)}`);
  lines.push('Server: testcard-media-relay');
  for (const [name, value] of Object.entries(reply.headers ?? {})) lines.push(`${name}: ${value}`);
  if (reply.body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(reply.body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${reply.body ?? ''}`;
}

/** The relay's path of a request's URL; undefined when it is none. */
export function pathOf(url: string): string | undefined {
  const match = /^rtspu?:\/\/[^/]*(\/.*)?$/i.exec(url);
  return match === null ? undefined : normalisePath(match[1] ?? '');
}
