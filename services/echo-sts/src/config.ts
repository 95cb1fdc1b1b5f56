// The environment of the server, checked once at start: every problem is named, none is guessed around.

import { z } from 'zod';
import { parseDurationMs } from './protocol/duration.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const LEVEL_ALIASES: Record<string, string> = { warning: 'warn', critical: 'fatal' };

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** Seconds when there is no unit (as other implementations read these names), else `500ms`, `5s`, `2m`. */
const seconds = (minMs: number, maxMs: number) =>
  z
    .string()
    .transform((text, context) => {
      const ms = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) * 1_000 : parseDurationMs(text);
      if (ms !== undefined) return ms;
      context.addIssue({ code: 'custom', message: 'expected seconds, or a duration such as 500ms' });
      return z.NEVER;
    })
    .pipe(z.number().min(minMs).max(maxMs));

const flag = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['true', 'false', '1', '0', 'yes', 'no', 'on', 'off']))
  .transform((text) => ['true', '1', 'yes', 'on'].includes(text));

const ratio = z
  .string()
  .regex(/^\d{1,4}(\.\d{1,6})?$/, 'expected a fraction such as 0.7')
  .transform(Number)
  .pipe(z.number().positive().max(10));

const level = z
  .string()
  .toLowerCase()
  .transform((text) => LEVEL_ALIASES[text] ?? text)
  .pipe(z.enum(LEVELS));

const environment = z
  .object({
    ECHO_HOST: z.string().max(255).default('127.0.0.1'),
    ECHO_PORT: integer(0, 65_535).default(8_080),
    PORT_8080: integer(0, 65_535).optional(),
    ECHO_PROCESSING_DELAY_MS: integer(0, 600_000).default(0),
    ECHO_MAX_SESSIONS: integer(1, 100_000).default(100),
    BACKPRESSURE_ENABLED: flag.default(false),
    BACKPRESSURE_THRESHOLD_LOW: ratio.default(0.5),
    BACKPRESSURE_THRESHOLD_MEDIUM: ratio.default(0.7),
    BACKPRESSURE_THRESHOLD_HIGH: ratio.default(0.9),
    WS_MAX_BUFFER_SIZE: integer(1_024, 1_073_741_824).default(50 * 1024 * 1024),
    WS_PING_INTERVAL: seconds(100, 3_600_000).default(25_000),
    WS_PING_TIMEOUT: seconds(100, 3_600_000).default(10_000),
    AUTO_DISCONNECT_DELAY: seconds(0, 3_600_000).default(5_000),
    LOG_LEVEL: level.default('info'),
  })
  .superRefine((env, context) => {
    const { BACKPRESSURE_THRESHOLD_LOW: low, BACKPRESSURE_THRESHOLD_MEDIUM: medium } = env;
    if (low > medium || medium > env.BACKPRESSURE_THRESHOLD_HIGH) {
      context.addIssue({
        code: 'custom',
        path: ['BACKPRESSURE_THRESHOLD_MEDIUM'],
        message: 'the thresholds must be LOW ≤ MEDIUM ≤ HIGH',
      });
    }
  });

export interface Thresholds {
  low: number;
  medium: number;
  high: number;
}

export interface Config {
  host: string;
  port: number;
  processingDelayMs: number;
  maxSessions: number;
  backPressure: { enabled: boolean; thresholds: Thresholds };
  maxPayloadBytes: number;
  pingIntervalMs: number;
  pingTimeoutMs: number;
  autoDisconnectDelayMs: number;
  logLevel: (typeof LEVELS)[number];
}

/** Names every variable that is wrong, one a line. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** An empty variable counts as absent: Compose files write `${X:-}`. `PORT_8080` (a port that was allocated for 8080) wins over `ECHO_PORT`. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const result = environment.safeParse(given);
  if (!result.success) {
    throw new ConfigError(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
  }
  const read = result.data;
  return {
    host: read.ECHO_HOST,
    port: read.PORT_8080 ?? read.ECHO_PORT,
    processingDelayMs: read.ECHO_PROCESSING_DELAY_MS,
    maxSessions: read.ECHO_MAX_SESSIONS,
    backPressure: {
      enabled: read.BACKPRESSURE_ENABLED,
      thresholds: {
        low: read.BACKPRESSURE_THRESHOLD_LOW,
        medium: read.BACKPRESSURE_THRESHOLD_MEDIUM,
        high: read.BACKPRESSURE_THRESHOLD_HIGH,
      },
    },
    maxPayloadBytes: read.WS_MAX_BUFFER_SIZE,
    pingIntervalMs: read.WS_PING_INTERVAL,
    pingTimeoutMs: read.WS_PING_TIMEOUT,
    autoDisconnectDelayMs: read.AUTO_DISCONNECT_DELAY,
    logLevel: read.LOG_LEVEL,
  };
}
