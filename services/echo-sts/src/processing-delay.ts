// How long the pretended models take over a fragment.

export interface ProcessingDelaySetting {
  delayMs: number;
  jitterMs: number;
  /** Acknowledge, then never answer. */
  silent: boolean;
}

/** Uniform between delay - jitter and delay + jitter, never below 0. `random` is in [0, 1). */
export function drawDelayMs({ delayMs, jitterMs }: ProcessingDelaySetting, random: () => number): number {
  return Math.max(0, delayMs + (random() * 2 - 1) * jitterMs);
}

/** How the whole time divides into the stages that are reported; their sum is the whole. */
export function stageTimings(totalMs: number): { asr_ms: number; translation_ms: number; tts_ms: number } {
  const asr = Math.round(totalMs * 0.4);
  const translation = Math.round(totalMs * 0.2);
  return { asr_ms: asr, translation_ms: translation, tts_ms: totalMs - asr - translation };
}
