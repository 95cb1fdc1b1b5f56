// The dubbed audio of a fragment: the same bytes, or the same sound cut or padded at its end to another length.

import type { Audio } from './protocol/worker-events.ts';
import { resizeM4a } from './resize-m4a.ts';

const PCM_SAMPLE_BYTES = 2;

/** `scale` 1 gives the audio back as it came. Rejects when the audio cannot be read as what it says it is. */
export async function dub(audio: Audio, scale: number, signal: AbortSignal): Promise<Audio> {
  if (scale === 1) return audio;
  const durationMs = Math.round(audio.duration_ms * scale * 1_000) / 1_000;
  const bytes = Buffer.from(audio.data_base64, 'base64');
  const resized =
    audio.format === 'pcm_s16le' ? resizePcm(bytes, audio.channels, scale) : await resizeM4a(bytes, durationMs, signal);
  return { ...audio, duration_ms: durationMs, data_base64: resized.toString('base64') };
}

/** Cuts, or pads with silence, to a whole number of samples of every channel. */
export function resizePcm(bytes: Buffer, channels: number, scale: number): Buffer {
  const frameBytes = PCM_SAMPLE_BYTES * channels;
  const length = Math.round((bytes.length / frameBytes) * scale) * frameBytes;
  if (length <= bytes.length) return bytes.subarray(0, length);
  return Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
}
