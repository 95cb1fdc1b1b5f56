// Turns a segment's samples into a fragment the STS understands, and its answer back into samples: one short ffmpeg each.

import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FfmpegProcess, startFfmpeg } from './ffmpeg-process.ts';
import { type PcmFormat, toBytes, toSamples } from './labelled-pcm.ts';

export type FragmentFormat = 'm4a' | 'pcm_s16le';

export interface EncodedAudio {
  format: FragmentFormat;
  data: Buffer;
}

const FRAGMENT_BITRATE_KBPS = 160;
const CODEC_TIMEOUT_MS = 5000;
/** Of decoded audio: two minutes of 48 kHz stereo. */
const MAX_DECODED_BYTES = 24 * 1024 * 1024;

export async function encodeFragment(
  samples: Int16Array,
  pcm: PcmFormat,
  format: FragmentFormat,
): Promise<EncodedAudio> {
  if (format === 'pcm_s16le') return { format, data: toBytes(samples) };
  // MP4 needs a seekable output, and the edit list that signals AAC priming exists only in an unfragmented one.
  return withUnnamedFile(async ({ handle, url }) => {
    const ffmpeg = startFfmpeg({
      args: [
        ...['-f', 's16le', '-ar', String(pcm.sampleRateHz), '-ac', String(pcm.channels), '-i', 'pipe:0'],
        ...['-c:a', 'aac', '-b:a', `${FRAGMENT_BITRATE_KBPS}k`, '-movflags', '+faststart', '-f', 'ipod', '-y'],
        url,
      ],
      stdin: 'pipe',
      stdout: 'ignore',
    });
    ffmpeg.stdin?.end(toBytes(samples));
    await finished(ffmpeg, 'encode');
    const { size } = await handle.stat();
    const data = Buffer.alloc(size);
    await handle.read(data, 0, size, 0);
    return { format, data };
  });
}

/** The samples of `audio` in the form of `pcm`. Rejects with one line when it cannot be decoded. */
export async function decodeFragment(
  audio: Buffer,
  source: PcmFormat & { format: string },
  pcm: PcmFormat,
): Promise<Int16Array> {
  const sameForm = source.sampleRateHz === pcm.sampleRateHz && source.channels === pcm.channels;
  if (source.format === 'pcm_s16le' && sameForm) return toSamples(audio);
  return withUnnamedFile(async ({ handle, url }) => {
    await handle.write(audio, 0, audio.length, 0);
    const rawInput = ['-f', 's16le', '-ar', String(source.sampleRateHz), '-ac', String(source.channels)];
    const ffmpeg = startFfmpeg({
      args: [
        ...(source.format === 'pcm_s16le' ? rawInput : []),
        // A file, not a pipe: an MP4 whose index comes last can only be read by seeking.
        ...['-i', url, '-vn', '-ar', String(pcm.sampleRateHz), '-ac', String(pcm.channels), '-f', 's16le'],
        'pipe:1',
      ],
      stdin: 'ignore',
      stdout: 'pipe',
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    ffmpeg.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_DECODED_BYTES) ffmpeg.kill();
      else chunks.push(chunk);
    });
    await finished(ffmpeg, 'decode');
    if (bytes === 0) throw new Error('decode: no audio in it');
    return toSamples(Buffer.concat(chunks));
  });
}

async function finished(ffmpeg: FfmpegProcess, what: string): Promise<void> {
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    ffmpeg.kill();
  }, CODEC_TIMEOUT_MS);
  const { exitCode, lastLine } = await ffmpeg.exited;
  clearTimeout(timer);
  if (timedOut) throw new Error(`${what}: ffmpeg took longer than ${CODEC_TIMEOUT_MS} ms`);
  if (exitCode !== 0) throw new Error(`${what}: ${lastLine}`);
}

/** Runs `use` with a seekable file that ffmpeg can open by `url`. On Linux it has no name any more, so that no crash leaves it behind. */
async function withUnnamedFile<T>(use: (file: { handle: FileHandle; url: string }) => Promise<T>): Promise<T> {
  const path = join(tmpdir(), `media-service-${randomUUID()}`);
  const handle = await open(path, 'wx+', 0o600);
  const nameless = process.platform === 'linux';
  if (nameless) await unlink(path);
  try {
    return await use({ handle, url: nameless ? `file:/proc/${process.pid}/fd/${handle.fd}` : `file:${path}` });
  } finally {
    await handle.close();
    if (!nameless) await unlink(path);
  }
}
