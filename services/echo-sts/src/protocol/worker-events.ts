// What a worker sends: the shapes of protocol v4, with their defaults. Keys it does not know are ignored, as other implementations may add some.

import { z } from 'zod';
import { limits } from './limits.ts';

export const id = z.string().min(1).max(limits.idChars);
const text = z.string().max(limits.textChars);
const unixMs = z.number().nonnegative();

const streamConfig = z.object({
  source_language: z.string().min(1).max(64).default('en'),
  target_language: z.string().min(1).max(64).default('es'),
  voice_profile: z.string().min(1).max(limits.idChars).default('default'),
  chunk_duration_ms: z.number().int().min(1).max(600_000).default(6_000),
  sample_rate_hz: z.number().int().min(1_000).max(384_000).default(48_000),
  channels: z.number().int().min(1).max(32).default(2),
  format: z.enum(['m4a', 'pcm_s16le']).default('m4a'),
});

export const streamInit = z.object({
  stream_id: id,
  worker_id: id,
  config: streamConfig.prefault({}),
  max_inflight: z.number().int().min(1).max(1_000).default(3),
  timeout_ms: z.number().int().min(1).max(600_000).default(8_000),
});
export type StreamInit = z.output<typeof streamInit>;

const audio = z.object({
  format: z.enum(['m4a', 'pcm_s16le']),
  sample_rate_hz: z.number().int().min(1_000).max(384_000),
  channels: z.number().int().min(1).max(32),
  duration_ms: z.number().nonnegative().max(3_600_000),
  data_base64: z.string().min(1),
});
export type Audio = z.output<typeof audio>;

export const fragmentData = z.object({
  fragment_id: z.guid(),
  stream_id: id,
  sequence_number: z.number().int().nonnegative(),
  timestamp: unixMs,
  audio,
  metadata: z.record(z.string(), z.unknown()).nullish(),
});
export type FragmentData = z.output<typeof fragmentData>;

export const fragmentAck = z.object({
  fragment_id: z.guid(),
  status: z.enum(['received', 'applied']),
  timestamp: unixMs,
});

export const streamNotice = z.object({ stream_id: id, reason: text.nullish() });
export type StreamNotice = z.output<typeof streamNotice>;

/** Bytes that base64 text stands for, without decoding it. */
export function decodedBytes(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return Math.floor((base64.length * 3) / 4) - padding;
}

/** True for padded standard base64, which is what every implementation of the protocol sends. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
