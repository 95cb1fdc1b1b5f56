// The worker's settings: read from the environment once, checked as a whole, with every problem named.

import { z } from 'zod';
import { WorkerFailure } from './exit-codes.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const positiveInt = (fallback: number) => z.coerce.number().int().positive().default(fallback);

function urlWith(...schemes: string[]) {
  return z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol), {
    error: `must be a URL that starts with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
  });
}

const schema = z.object({
  RTSP_URL: urlWith('rtsp:'),
  RTMP_URL: urlWith('rtmp:'),
  STS_URL: urlWith('http:', 'https:', 'ws:', 'wss:'),
  HOST: z.string().default('127.0.0.1'),
  METRICS_PORT: port.default(8000),
  /** Set by a runtime that allocated another port for the one the Compose file names. Wins over METRICS_PORT. */
  PORT_8000: port.optional(),
  STREAM_ID: z.string().min(1).optional(),
  WORKER_ID: z.string().min(1).optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  SOURCE_RETRY_LIMIT: z.union([z.literal('unlimited'), z.coerce.number().int().min(0).max(100)]).default(3),
  SOURCE_STALL_TIMEOUT_MS: positiveInt(10_000),
  SEGMENT_DURATION_MS: positiveInt(6000),
  FRAGMENT_FORMAT: z.enum(['m4a', 'pcm_s16le']).default('m4a'),
  FRAGMENT_TIMEOUT_MS: positiveInt(8000),
  MAX_INFLIGHT: positiveInt(3),
  STS_BREAKER_FAILURES: positiveInt(5),
  STS_BREAKER_COOLDOWN_SECONDS: z.coerce.number().positive().default(30),
  STS_CONNECT_TIMEOUT_MS: positiveInt(1200),
  SOURCE_LANGUAGE: z.string().default('en'),
  TARGET_LANGUAGE: z.string().default('es'),
  VOICE_PROFILE: z.string().default('default'),
  OUTPUT_AUDIO_BITRATE_KBPS: positiveInt(128),
  OUTPUT_LAG_MARGIN_MS: z.coerce.number().int().min(0).max(5000).default(400),
  OUTPUT_TIMESTAMP_OFFSET_MS: z.coerce.number().int().min(0).max(3_600_000).default(10_000),
  MAX_BUFFERED_MS: positiveInt(60_000),
});

export type Config = ReturnType<typeof readConfig>;

/** Throws a `WorkerFailure` of cause `bad-config` whose one line names every variable that is wrong. */
export function readConfig(environment: Record<string, string | undefined>) {
  // Compose writes an unset variable as an empty string; both mean "use the default".
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new WorkerFailure('bad-config', `configuration is wrong: ${problems.join('; ')}`);
  }
  const values = parsed.data;
  return {
    rtspUrl: values.RTSP_URL,
    rtmpUrl: values.RTMP_URL,
    stsUrl: values.STS_URL,
    host: values.HOST,
    port: values.PORT_8000 ?? values.METRICS_PORT,
    streamId: values.STREAM_ID ?? streamIdFrom(values.RTSP_URL),
    workerId: values.WORKER_ID ?? `media-service-${process.pid}`,
    logLevel: values.LOG_LEVEL,
    sourceRetryLimit: values.SOURCE_RETRY_LIMIT,
    sourceStallTimeoutMs: values.SOURCE_STALL_TIMEOUT_MS,
    segmentDurationMs: values.SEGMENT_DURATION_MS,
    fragmentFormat: values.FRAGMENT_FORMAT,
    fragmentTimeoutMs: values.FRAGMENT_TIMEOUT_MS,
    maxInflight: values.MAX_INFLIGHT,
    breakerFailures: values.STS_BREAKER_FAILURES,
    breakerCooldownMs: values.STS_BREAKER_COOLDOWN_SECONDS * 1000,
    stsConnectTimeoutMs: values.STS_CONNECT_TIMEOUT_MS,
    sourceLanguage: values.SOURCE_LANGUAGE,
    targetLanguage: values.TARGET_LANGUAGE,
    voiceProfile: values.VOICE_PROFILE,
    outputAudioBitrateKbps: values.OUTPUT_AUDIO_BITRATE_KBPS,
    outputLagMarginMs: values.OUTPUT_LAG_MARGIN_MS,
    outputTimestampOffsetMs: values.OUTPUT_TIMESTAMP_OFFSET_MS,
    maxBufferedMs: values.MAX_BUFFERED_MS,
  };
}

/** `rtsp://host:8554/live/test/in` → `live-test-in`: the same for every session, so that others can name it. */
function streamIdFrom(rtspUrl: string): string {
  const path = new URL(rtspUrl).pathname.split('/').filter(Boolean).join('-');
  return path === '' ? 'stream' : path;
}
