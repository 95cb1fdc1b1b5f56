// Makes an MP4 that browsers can play of a recording in a container that they cannot (FLV, NUT): packets as they are where browsers know the
// codec, else encoded small and fast. It begins at 0 with the recording's first packet, whatever the stream's own clock says.

import { renameSync, rmSync } from 'node:fs';
import { TestcardError } from '../../model/errors.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { runTool } from '../ffmpeg/run-tool.ts';

export interface Preview {
  path: string;
  /** Packets as they are, or encoded again: then pictures are not what was recorded bit by bit. */
  how: 'copied' | 'encoded';
}

/** FFmpeg's names of what current browsers play in MP4. */
const PLAYABLE = { video: ['h264', 'av1', 'vp9'], audio: ['aac', 'mp3', 'opus', 'flac'] };
const ENCODE = {
  video: ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '28', '-pix_fmt', 'yuv420p', '-vf', 'scale=640:-2'],
  audio: ['-c:a', 'aac', '-b:a', '96k'],
};

/** Throws FFMPEG_MISSING, and STREAM_UNREADABLE when nothing can be made of the recording. */
export async function makePreview(
  recording: string,
  preview: string,
  { signal, guard }: { signal: AbortSignal; guard?: ProcessGuard | undefined },
): Promise<Preview> {
  const codecs = await codecsOf(recording, signal, guard);
  if (codecs.length === 0) throw new TestcardError('STREAM_UNREADABLE', `${recording} has neither picture nor sound`);
  const copies = (kind: 'video' | 'audio') =>
    codecs.filter((each) => each.kind === kind).every(({ codec }) => PLAYABLE[kind].includes(codec));
  const of = (kind: 'video' | 'audio') => (copies(kind) ? [`-c:${kind[0]}`, 'copy'] : ENCODE[kind]);
  const partial = `${preview}.partial`;
  const result = await runTool(
    'ffmpeg',
    [
      ...['-loglevel', 'warning', '-i', recording, '-map', '0:v:0?', '-map', '0:a:0?', ...of('video'), ...of('audio')],
      ...['-movflags', '+faststart', '-f', 'mp4', '-y', partial],
    ],
    { signal, guard, share: 'low' },
  );
  if (result.exitCode !== 0) {
    rmSync(partial, { force: true });
    throw new TestcardError('STREAM_UNREADABLE', `no preview of ${recording}: ${result.reason}`);
  }
  renameSync(partial, preview);
  return { path: preview, how: copies('video') && copies('audio') ? 'copied' : 'encoded' };
}

async function codecsOf(
  recording: string,
  signal: AbortSignal,
  guard: ProcessGuard | undefined,
): Promise<{ kind: string; codec: string }[]> {
  const { stdout } = await runTool(
    'ffprobe',
    ['-loglevel', 'error', '-show_entries', 'stream=codec_type,codec_name', '-of', 'csv=p=0', recording],
    { signal, guard },
  );
  return String(stdout)
    .split('\n')
    .map((row) => row.trim().split(','))
    .flatMap(([codec, kind]) => (codec && (kind === 'video' || kind === 'audio') ? [{ kind, codec }] : []));
}
