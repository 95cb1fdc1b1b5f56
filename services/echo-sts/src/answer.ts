// What a fragment is answered with.

import { randomUUID } from 'node:crypto';
import { dub } from './dubbed-audio.ts';
import { stageTimings } from './processing-delay.ts';
import type { ErrorRule } from './protocol/control-events.ts';
import { errorClassOf } from './protocol/error-codes.ts';
import type { Audio, FragmentData, StreamInit } from './protocol/worker-events.ts';
import type { AnswerStatus } from './statistics.ts';

export interface AnswerError {
  code: string;
  message: string;
  stage: 'asr' | 'translation' | 'tts';
  retryable: boolean;
}

export interface Answer {
  status: AnswerStatus;
  dubbedAudio?: Audio;
  error?: AnswerError;
}

const MODELS = { asr_model: 'echo-asr', translation_model: 'echo-translation', tts_model: 'echo-tts' };

/** The answer to one fragment; never rejects: audio that cannot be dubbed is a failed answer. */
export async function answerTo(
  fragment: FragmentData,
  rule: ErrorRule | undefined,
  dubbedScale: number,
  signal: AbortSignal,
): Promise<Answer> {
  const error = rule && simulatedError(rule);
  if (error && rule.status === 'failed') return { status: 'failed', error };
  try {
    const dubbedAudio = await dub(fragment.audio, dubbedScale, signal);
    return error ? { status: 'partial', dubbedAudio, error } : { status: 'success', dubbedAudio };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { status: 'failed', error: { code: 'MODEL_ERROR', message, stage: 'tts', retryable: true } };
  }
}

/** The error that a rule simulates. A rule that is not silent always has a code; its schema sees to that. */
function simulatedError(rule: ErrorRule): AnswerError {
  const code = rule.error_code ?? 'MODEL_ERROR';
  return {
    code,
    message: rule.error_message ?? `simulated ${code}`,
    stage: rule.stage,
    retryable: rule.retryable ?? errorClassOf(code).retryable,
  };
}

/** The payload of an `error` event in place of `fragment:processed`. */
export function errorEventPayload(fragment: FragmentData, error: AnswerError) {
  return {
    error_id: randomUUID(),
    stream_id: fragment.stream_id,
    fragment_id: fragment.fragment_id,
    code: error.code,
    message: error.message,
    severity: errorClassOf(error.code).severity,
    retryable: error.retryable,
    metadata: { stage: error.stage, sequence_number: fragment.sequence_number },
  };
}

/** The payload of `fragment:processed`. */
export function processedPayload(fragment: FragmentData, init: StreamInit, answer: Answer, processingMs: number) {
  const { source_language: source, target_language: target } = init.config;
  const failed = answer.status === 'failed';
  return {
    fragment_id: fragment.fragment_id,
    stream_id: fragment.stream_id,
    sequence_number: fragment.sequence_number,
    status: answer.status,
    ...(answer.dubbedAudio ? { dubbed_audio: answer.dubbedAudio } : {}),
    transcript: failed ? '' : `[${source}] fragment ${fragment.sequence_number}`,
    translated_text: failed ? '' : `[${target}] fragment ${fragment.sequence_number}`,
    processing_time_ms: processingMs,
    stage_timings: stageTimings(processingMs),
    ...(answer.error ? { error: answer.error } : {}),
    metadata: MODELS,
  };
}
