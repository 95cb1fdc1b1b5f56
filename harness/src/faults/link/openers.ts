// What to say to a server of which only the port is known, so that it answers and nothing else happens.

import type { Clock } from '../../base/clock.ts';
import type { BrokenLink, Endpoint } from './broken-link.ts';
import { openConnection, within } from './own-connection.ts';

type Dialect = 'http' | 'rtsp' | 'rtmp';

const OPENERS: Record<Dialect, Uint8Array> = {
  // Asks what may be asked (RFC 9110, 9.3.7; for RTSP: RFC 2326, 10.1). Not of `*`, which few servers expect.
  http: Buffer.from('OPTIONS / HTTP/1.1\r\nHost: testcard\r\nConnection: close\r\n\r\n'),
  rtsp: Buffer.from('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: testcard\r\n\r\n'),
  // C0 and C1 of the handshake: version 3, time 0, zeros, 1528 bytes of anything.
  rtmp: Buffer.concat([Buffer.from([3]), Buffer.alloc(8), Buffer.alloc(1528, 0x74)]),
};
export const HTTP_OPENER = OPENERS.http;
const ANSWER_WITHIN_MS = 300;
const LIKELY: Record<number, Dialect> = { 554: 'rtsp', 8554: 'rtsp', 1935: 'rtmp' };

export interface Opener {
  bytes: Uint8Array;
  /** How long the server takes to answer it on a connection of its own, without the proxy. */
  directMs: number;
}

/** What a server answered last time, by address: most looks are followed by another. Undefined: none of them, so that it is not bothered again. */
const known = new Map<string, { dialect: Dialect | undefined; atMs: number }>();
const KNOWN_FOR_MS = 10_000;
const MOST_KNOWN = 100;

/** Undefined when the server cannot be reached directly, or answers none of them: what it speaks is not known. */
export async function findOpener(link: BrokenLink, clock: Clock, signal: AbortSignal): Promise<Opener | undefined> {
  const address = `${link.upstream.host}:${link.upstream.port}`;
  const learn = (dialect: Dialect | undefined) => {
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(address, { dialect, atMs: clock.monotonicMs() });
  };
  for (const dialect of dialectsToTry(address, link.serverPort, clock)) {
    const directMs = await askDirectly(link.upstream, OPENERS[dialect], clock, signal);
    if (directMs === 'unreachable') return undefined;
    if (directMs === undefined) continue;
    learn(dialect);
    return { bytes: OPENERS[dialect], directMs };
  }
  learn(undefined);
  return undefined;
}

function dialectsToTry(address: string, serverPort: number, clock: Clock): Dialect[] {
  const last = known.get(address);
  if (last && clock.monotonicMs() - last.atMs < KNOWN_FOR_MS) return last.dialect ? [last.dialect] : [];
  const likely = LIKELY[serverPort] ?? 'http';
  return [likely, ...(Object.keys(OPENERS) as Dialect[]).filter((other) => other !== likely)];
}

async function askDirectly(
  server: Endpoint,
  bytes: Uint8Array,
  clock: Clock,
  signal: AbortSignal,
): Promise<number | 'unreachable' | undefined> {
  const connection = openConnection(server, clock);
  try {
    await within(connection.opened, ANSWER_WITHIN_MS, clock, signal);
    if (!connection.isOpen) return 'unreachable';
    const askedAtMs = clock.monotonicMs();
    connection.send(bytes);
    await within(Promise.race([connection.answered, connection.ended]), ANSWER_WITHIN_MS, clock, signal);
    return connection.answeredAtMs === undefined ? undefined : connection.answeredAtMs - askedAtMs;
  } finally {
    connection.destroy();
  }
}
