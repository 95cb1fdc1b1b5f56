// What the STS may send, checked before it is believed; and what we send, in its words.

import { z } from 'zod';

/** The protocol's own limit on one fragment's audio, decoded. */
const MAX_AUDIO_BYTES = 10 * 1024 * 1024;
const MAX_TEXT = 2000;
const MAX_DELAY_MS = 3_600_000;

const text = z.string().transform((value) => value.slice(0, MAX_TEXT));
const identifier = z.string().min(1).max(200);

const audio = z.object({
  format: z.enum(['m4a', 'pcm_s16le']),
  sample_rate_hz: z.number().int().min(1000).max(384_000),
  channels: z.number().int().min(1).max(8),
  duration_ms: z.number().nonnegative(),
  data_base64: z.string().max(Math.ceil(MAX_AUDIO_BYTES / 3) * 4),
});

const failure = z.object({
  code: identifier,
  message: text.default(''),
  stage: z.string().max(50).nullish(),
  retryable: z.boolean().default(false),
});

export const streamReady = z.object({
  stream_id: identifier,
  session_id: identifier.optional(),
  max_inflight: z.number().int().positive().default(Number.MAX_SAFE_INTEGER),
});

export const fragmentProcessed = z.object({
  fragment_id: identifier,
  status: z.enum(['success', 'partial', 'failed']),
  dubbed_audio: audio.nullish(),
  processing_time_ms: z.number().nullish(),
  error: failure.nullish(),
});

export const backpressure = z.object({
  severity: z.enum(['low', 'medium', 'high']).default('low'),
  action: z.enum(['slow_down', 'pause', 'none']),
  recommended_delay_ms: z.number().nonnegative().max(MAX_DELAY_MS).nullish(),
});

export const streamComplete = z.object({ total_fragments: z.number().nullish() });

export const errorEvent = failure.extend({
  fragment_id: identifier.nullish(),
  severity: z.enum(['warning', 'error', 'fatal']).default('error'),
});

export type StreamReady = z.output<typeof streamReady>;
export type FragmentProcessed = z.output<typeof fragmentProcessed>;
export type Backpressure = z.output<typeof backpressure>;
export type ErrorEvent = z.output<typeof errorEvent>;
export type FragmentAudio = z.output<typeof audio>;

export interface StreamInit {
  stream_id: string;
  worker_id: string;
  config: {
    source_language: string;
    target_language: string;
    voice_profile: string;
    chunk_duration_ms: number;
    sample_rate_hz: number;
    channels: number;
    format: string;
  };
  max_inflight: number;
  timeout_ms: number;
}

export interface FragmentData {
  fragment_id: string;
  stream_id: string;
  sequence_number: number;
  /** Unix ms. */
  timestamp: number;
  audio: FragmentAudio;
  metadata: { pts_ns: number; source_pts_ns: number; segment_index: number };
}
