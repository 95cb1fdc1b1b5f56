// For tests: a short clip with picture and sound, and its packets read back.

import { join } from 'node:path';
import { runTool, toolFailed } from '../ffmpeg/run-tool.ts';

export interface Clip {
  path: string;
  durationMs: number;
  frames: number;
  hasAudio: boolean;
}

/** Keyframes every 6 frames, 30 frames a second, as fixtures have them. */
export async function makeClip(folder: string, seconds: number, { sound = true } = {}): Promise<Clip> {
  const path = join(folder, `clip-${seconds}${sound ? '' : '-silent'}.mp4`);
  const result = await runTool('ffmpeg', [
    ...['-loglevel', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=s=320x180:r=30:d=${seconds}`],
    ...(sound ? ['-f', 'lavfi', '-i', `sine=f=440:r=48000:d=${seconds}`, '-c:a', 'aac', '-ac', '2'] : []),
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '6', '-bf', '0', '-pix_fmt', 'yuv420p', path],
  ]);
  if (result.exitCode !== 0) throw toolFailed('making a clip', result);
  return { path, durationMs: seconds * 1_000, frames: seconds * 30, hasAudio: sound };
}

export interface ReadPacket {
  ptsMs: number;
  /** Checksum of its bytes. */
  sum: string;
}

/** Packets as they lie in the file, with the file's own timestamps. */
export async function packetsOf(path: string): Promise<{ video: ReadPacket[]; audio: ReadPacket[] }> {
  const lines = await framecrc(['-copyts', '-i', path, '-map', '0', '-c', 'copy']);
  const timeBaseMs: number[] = [];
  const kinds: string[] = [];
  const packets = { video: [] as ReadPacket[], audio: [] as ReadPacket[] };
  for (const line of lines) {
    const [, key, index, value = ''] = /^#(tb|media_type) (\d+): (\S+)/.exec(line) ?? [];
    if (key === 'tb') timeBaseMs[Number(index)] = (1_000 * Number(value.split('/')[0])) / Number(value.split('/')[1]);
    if (key === 'media_type') kinds[Number(index)] = value;
    if (line.startsWith('#') || line === '') continue;
    const [stream, , pts, , , sum = ''] = line.split(',').map((cell) => cell.trim());
    const kind = kinds[Number(stream)];
    const packet = { ptsMs: Number(pts) * (timeBaseMs[Number(stream)] ?? 0), sum };
    if (kind === 'video' || kind === 'audio') packets[kind].push(packet);
  }
  return packets;
}

/** A checksum of each decoded picture, in order. */
export async function picturesOf(path: string): Promise<string[]> {
  const lines = await framecrc(['-i', path, '-map', '0:v', '-fps_mode', 'passthrough']);
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(',')[5]?.trim() ?? '');
}

async function framecrc(args: string[]): Promise<string[]> {
  const result = await runTool('ffmpeg', ['-loglevel', 'error', ...args, '-f', 'framecrc', 'pipe:1']);
  if (result.exitCode !== 0) throw toolFailed('reading packets', result);
  return result.stdout.toString('utf8').split('\n');
}
