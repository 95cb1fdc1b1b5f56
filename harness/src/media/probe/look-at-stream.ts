// Reads a live stream for a moment and says what came: packets with their times and checksums, and pictures when they are wanted.

import type { SeenPacket, StreamLook } from '../../model/faults.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { readTap, type TappedPacket, tapArguments } from '../ffmpeg/packet-tap.ts';
import { startTool } from '../ffmpeg/run-tool.ts';

export interface LookOptions {
  /** From the first packet on. */
  forMs: number;
  /** How long the first packet may take to come. */
  withinMs: number;
  pictures?: boolean;
  guard?: ProcessGuard | undefined;
}

/** Of 8 Mbit/s this is a minute. */
const MAX_PACKETS = 20_000;
/** A time that FFmpeg does not know is its smallest number. */
const NO_TIME_MS = -1e12;

/** Never throws for a stream that cannot be read; rejects when `signal` aborts, and with FFMPEG_MISSING. */
export async function lookAtStream(url: string, options: LookOptions, signal: AbortSignal): Promise<StreamLook> {
  const { forMs, withinMs, pictures = false, guard } = options;
  const look: StreamLook = { tracks: [], packets: [], missing: 0, ...(pictures ? { pictures: [] } : {}) };
  const isRtsp = url.startsWith('rtsp:');
  const maps = ['-map', '0:v?', '-map', '0:a?'];
  const running = startTool(
    'ffmpeg',
    [
      // A queue that waits for late packets notices the numbers that never come; without one FFmpeg says nothing of them.
      ...['-loglevel', 'warning', ...(isRtsp ? ['-rtsp_transport', 'tcp', '-reorder_queue_size', '8'] : [])],
      ...['-max_delay', '100000', '-analyzeduration', '500000', '-fpsprobesize', '0', '-copyts', '-i', url],
      // When one track is silent the other must not wait for it in the muxer.
      ...['-max_interleave_delta', '100000', ...tapArguments(maps, 3)],
      ...(pictures
        ? ['-map', '0:v', '-fps_mode', 'passthrough', '-f', 'framecrc', '-flush_packets', '1', 'pipe:4']
        : []),
    ],
    {
      signal,
      guard,
      extraPipes: pictures ? 2 : 1,
      stopGraceMs: 200,
      onLogLine: (line) => {
        look.missing += Number(/RTP: missed (\d+) packets/.exec(line)?.[1] ?? 0);
      },
    },
  );
  let timer = setTimeout(() => void running.stop(200), withinMs);
  const [packetPipe, picturePipe] = running.extra;
  const readPacket = readTap((packet) => {
    const seen = seenPacket(packet);
    if (seen === undefined || look.packets.length >= MAX_PACKETS) return;
    if (look.packets.length === 0) {
      clearTimeout(timer);
      timer = setTimeout(() => void running.stop(200), forMs);
    }
    // FFmpeg's RTSP demuxer has no time for the first frame yet, and its muxers write a 0 there.
    const isTimeless = isRtsp && seen.kind === 'video' && !look.packets.some(({ kind }) => kind === 'video');
    look.packets.push(isTimeless ? { ...seen, ptsMs: Number.NaN } : seen);
  });
  const readPicture = readTap(({ sum }) => {
    if (look.pictures !== undefined && look.pictures.length < MAX_PACKETS) look.pictures.push(sum);
  });
  packetPipe?.on('data', (chunk: Buffer) => {
    for (const [, kind] of chunk.toString('latin1').matchAll(/^#media_type \d+: (video|audio)$/gm)) {
      if (kind === 'video' || kind === 'audio') look.tracks.push(kind);
    }
    readPacket(chunk);
  });
  picturePipe?.on('data', readPicture);
  for (const pipe of running.extra) pipe.resume();
  const closed = Promise.all(running.extra.map((pipe) => new Promise((resolve) => pipe.once('close', resolve))));
  const result = await running.ended.finally(() => clearTimeout(timer));
  await closed;
  signal.throwIfAborted();
  if (look.packets.length === 0) {
    look.problem = result.ending === 'exited' ? result.reason : `no packet within ${withinMs} ms`;
  }
  return look;
}

function seenPacket({ kind, ptsMs, sizeBytes, isKey, sum }: TappedPacket): SeenPacket | undefined {
  if (kind === 'other') return undefined;
  return { kind, ptsMs: ptsMs < NO_TIME_MS ? Number.NaN : ptsMs, sizeBytes, isKey, sum };
}
