// Asks an RTSP server, over a bare socket, whether a stream is there: far cheaper than starting ffmpeg to find out.

import { connect } from 'node:net';

export type ProbeResult = { kind: 'absent'; why: string } | { kind: 'present'; sdp: string | undefined };

export interface ProbeOptions {
  signal: AbortSignal;
  /** The server has taken the question but keeps the answer back: some relays hold it until somebody publishes. */
  onHeld: () => void;
}

const CONNECT_TIMEOUT_MS = 1000;
const HELD_AFTER_MS = 150;
/** A server that has not answered by then is asked again. */
const HELD_TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const DEFAULT_RTSP_PORT = 554;

/** Never rejects. An answer that a plain question cannot get (credentials, redirect) counts as present: ffmpeg will see. */
export function describeSource(url: string, options: ProbeOptions): Promise<ProbeResult> {
  const { hostname, port, username, password } = new URL(url);
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || DEFAULT_RTSP_PORT) });
  return new Promise((resolve) => {
    const timers: NodeJS.Timeout[] = [];
    const finish = (result: ProbeResult): void => {
      for (const timer of timers) clearTimeout(timer);
      options.signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(result);
    };
    const abort = (): void => finish({ kind: 'absent', why: 'cancelled' });
    if (options.signal.aborted) return abort();
    options.signal.addEventListener('abort', abort, { once: true });
    const connecting = setTimeout(() => finish({ kind: 'absent', why: 'no connection' }), CONNECT_TIMEOUT_MS);
    timers.push(connecting);
    let answer = Buffer.alloc(0);
    socket.on('connect', () => {
      clearTimeout(connecting);
      timers.push(setTimeout(options.onHeld, HELD_AFTER_MS));
      timers.push(setTimeout(() => finish({ kind: 'absent', why: 'no answer' }), HELD_TIMEOUT_MS));
      socket.write(request(url, username, password));
    });
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      const result = readAnswer(answer);
      if (result) finish(result);
      else if (answer.length > MAX_ANSWER_BYTES) finish({ kind: 'absent', why: 'answer too long' });
    });
    socket.on('error', (error) => finish({ kind: 'absent', why: error.message }));
    socket.on('close', () => finish({ kind: 'absent', why: 'connection closed' }));
  });
}

function request(url: string, username: string, password: string): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const lines = [
    `DESCRIBE ${bare.href} RTSP/1.0`,
    'CSeq: 1',
    'Accept: application/sdp',
    'User-Agent: media-service',
    ...(username === '' ? [] : [`Authorization: Basic ${credentials}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Undefined while the answer is incomplete. */
export function readAnswer(bytes: Buffer): ProbeResult | undefined {
  const headerEnd = bytes.indexOf('\r\n\r\n');
  if (headerEnd < 0) return undefined;
  const header = bytes.toString('latin1', 0, headerEnd);
  const status = Number(/^RTSP\/\d\.\d (\d{3})/.exec(header)?.[1]);
  if (status === 401 || (status >= 300 && status < 400)) return { kind: 'present', sdp: undefined };
  if (status !== 200) return { kind: 'absent', why: header.split('\r\n', 1)[0] ?? '' };
  const length = Number(/^content-length:\s*(\d+)/im.exec(header)?.[1] ?? 0);
  const body = bytes.subarray(headerEnd + 4);
  return body.length < length ? undefined : { kind: 'present', sdp: body.toString('utf8', 0, length) };
}

/** Why a described stream cannot be dubbed; undefined when it can. */
export function findUnsupported(sdp: string): string | undefined {
  const media = sdp.split(/^m=/m).slice(1);
  const video = media.find((section) => section.startsWith('video'));
  if (!media.some((section) => section.startsWith('audio'))) return 'audio track required for dubbing';
  if (!video) return 'video track required';
  const codec = /^a=rtpmap:\d+ ([^/\s]+)/im.exec(video)?.[1];
  if (codec !== undefined && codec.toUpperCase() !== 'H264') return `video codec ${codec} is not supported: H264 is`;
  return undefined;
}
