// Cuts AAC, or pads it with silence, to another length: FFmpeg decodes and encodes it, and the container stays of the kind it was.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 15_000;
const SHOWN_CHARS = 200;

/** FFmpegs at once: a burst of fragments must not become a burst of processes. */
const AT_ONCE = 2;
const turns: Promise<unknown>[] = Array.from({ length: AT_ONCE }, () => Promise.resolve());
let nextTurn = 0;

interface Container {
  demuxer: string;
  muxer: string[];
}

/** What a payload is packed in. The demuxer is always named, so that a hostile payload cannot choose one that opens other files. */
function containerOf(bytes: Buffer): Container {
  const adts = bytes.length > 1 && bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xf6) === 0xf0;
  if (adts) return { demuxer: 'aac', muxer: ['-f', 'adts'] };
  const fragmented = bytes.includes('moof');
  const flags = fragmented ? '+empty_moov+default_base_moof+frag_keyframe' : '+faststart';
  return { demuxer: 'mov', muxer: ['-movflags', flags, '-f', 'ipod'] };
}

/** Rejects with one line when FFmpeg is missing, cannot read the audio, or `signal` aborts. */
export function resizeM4a(bytes: Buffer, durationMs: number, signal: AbortSignal): Promise<Buffer> {
  const turn = nextTurn % AT_ONCE;
  nextTurn += 1;
  const resized = (turns[turn] as Promise<unknown>).then(() => resizeNow(bytes, durationMs, signal));
  turns[turn] = resized.catch(() => {});
  return resized;
}

async function resizeNow(bytes: Buffer, durationMs: number, signal: AbortSignal): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'echo-sts-'));
  try {
    // Files, not pipes: an MP4's index may be at its end, and is written last.
    const input = join(folder, 'in');
    const output = join(folder, 'out');
    await writeFile(input, bytes);
    const { demuxer, muxer } = containerOf(bytes);
    const seconds = durationMs / 1_000;
    await run(
      'ffmpeg',
      [
        ...['-nostdin', '-v', 'error', '-protocol_whitelist', 'file', '-f', demuxer, '-i', input],
        ...['-map', '0:a:0', '-af', `apad=whole_dur=${seconds},atrim=end=${seconds}`],
        ...['-c:a', 'aac', '-b:a', '128k', ...muxer, output],
      ],
      { signal, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' },
    );
    return await readFile(output);
  } catch (error) {
    throw new Error(`ffmpeg could not change the length of the audio: ${reasonOf(error)}`, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function reasonOf(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  const text = stderr.split('\n').at(-1) || (error instanceof Error ? error.message : String(error));
  return text.slice(0, SHOWN_CHARS);
}
