// Reads the relay's settings from the environment, checked and with every default in one place.

import { z } from 'zod';

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const count = (fallback: number) => z.coerce.number().int().min(1).default(fallback);

const Environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  RTSP_PORT: port(8554),
  RTMP_PORT: port(1935),
  API_PORT: port(9997),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  UDP_PORT_MIN: port(0),
  UDP_PORT_MAX: port(0),
  READER_WAIT_MS: z.coerce.number().int().min(0).default(30_000),
  PUBLISHER_TIMEOUT_MS: count(10_000),
  SESSION_TIMEOUT_MS: count(60_000),
  REQUEST_TIMEOUT_MS: count(10_000),
  STOP_TIMEOUT_MS: count(800),
  READER_BUFFER_BYTES: count(16 * 1024 * 1024),
  GOP_CACHE_BYTES: count(8 * 1024 * 1024),
  MAX_CONNECTIONS: count(256),
  MAX_PATHS: count(128),
});

export interface RelayConfig {
  host: string;
  rtspPort: number;
  rtmpPort: number;
  apiPort: number;
  logLevel: z.infer<typeof Environment>['LOG_LEVEL'];
  /** Range for RTP/RTCP over UDP; undefined lets the system choose. */
  udpPorts: { min: number; max: number } | undefined;
  /** How long a reader may wait for a publisher before it is told that there is none. */
  readerWaitMs: number;
  /** A publisher that sends nothing for this long is closed. */
  publisherTimeoutMs: number;
  /** An RTSP session over UDP without keep-alive or RTCP for this long is closed. */
  sessionTimeoutMs: number;
  /** A connection that has neither published nor played by then is closed. */
  requestTimeoutMs: number;
  /** Longest time a graceful stop may take. */
  stopTimeoutMs: number;
  /** A reader that lets more than this pile up is dropped. */
  readerBufferBytes: number;
  /** A GOP larger than this is not kept for readers that join later. Well below the reader's limit, for a reader gets it at once. */
  gopCacheBytes: number;
  /** Connections per protocol. */
  maxConnections: number;
  maxPaths: number;
}

/**
 * Settings from `env`. A port N is replaced by the value of `PORT_N` where that exists, so that a runtime without containers can
 * give each published port of a Compose entry a free port of the machine.
 */
export function readConfig(env: Record<string, string | undefined>): RelayConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) throw new Error(`invalid settings: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
  const settings = parsed.data;
  const mapped = (containerPort: number): number => {
    const replacement = z.coerce.number().int().min(1).max(65_535).safeParse(given[`PORT_${containerPort}`]);
    return replacement.success ? replacement.data : containerPort;
  };
  if (settings.UDP_PORT_MAX < settings.UDP_PORT_MIN) throw new Error('invalid settings: UDP_PORT_MAX < UDP_PORT_MIN');
  return {
    host: settings.HOST,
    rtspPort: mapped(settings.RTSP_PORT),
    rtmpPort: mapped(settings.RTMP_PORT),
    apiPort: mapped(settings.API_PORT),
    logLevel: settings.LOG_LEVEL,
    udpPorts: settings.UDP_PORT_MIN > 0 ? { min: settings.UDP_PORT_MIN, max: settings.UDP_PORT_MAX } : undefined,
    readerWaitMs: settings.READER_WAIT_MS,
    publisherTimeoutMs: settings.PUBLISHER_TIMEOUT_MS,
    sessionTimeoutMs: settings.SESSION_TIMEOUT_MS,
    requestTimeoutMs: settings.REQUEST_TIMEOUT_MS,
    stopTimeoutMs: settings.STOP_TIMEOUT_MS,
    readerBufferBytes: settings.READER_BUFFER_BYTES,
    gopCacheBytes: settings.GOP_CACHE_BYTES,
    maxConnections: settings.MAX_CONNECTIONS,
    maxPaths: settings.MAX_PATHS,
  };
}
