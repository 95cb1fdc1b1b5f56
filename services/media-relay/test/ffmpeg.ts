// Runs FFmpeg as a publisher and as a reader, and reads packets with their exact times and checksums from what it writes.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
  tookMs: number;
}

export interface RunningFfmpeg {
  child: ChildProcess;
  done: Promise<Finished>;
}

/** Everything started and not yet ended; `stopAll` is for `afterEach`, so that a failing test leaves nothing behind. */
const running = new Set<ChildProcess>();

export function start(args: readonly string[], program = 'ffmpeg'): RunningFfmpeg {
  const startedAt = performance.now();
  const child = spawn('nice', ['-n', '5', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const done = new Promise<Finished>((resolve) => {
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code, stdout, stderr, tookMs: performance.now() - startedAt });
    });
  });
  return { child, done };
}

export function stopAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

export type Transport = 'rtsp-tcp' | 'rtsp-udp' | 'rtmp';

export interface Urls {
  rtspUrl(path: string): string;
  rtmpUrl(path: string): string;
}

export function publish(
  file: string,
  to: Transport,
  urls: Urls,
  path: string,
  extra: readonly string[] = [],
): RunningFfmpeg {
  const input = ['-v', 'error', '-re', '-i', file, '-c', 'copy', ...extra];
  if (to === 'rtmp') return start([...input, '-flvflags', 'no_duration_filesize', '-f', 'flv', urls.rtmpUrl(path)]);
  return start([...input, '-f', 'rtsp', '-rtsp_transport', to.slice(5), urls.rtspUrl(path)]);
}

/** NAL units without parameter sets and delimiters, separated alike whatever the transport: what has to arrive unchanged. */
const SAME_DELIMITERS = ['-bsf:v', 'h264_mp4toannexb,filter_units=remove_types=7-9'];

export function read(from: Transport, urls: Urls, path: string): RunningFfmpeg {
  const input =
    from === 'rtmp' ? ['-i', urls.rtmpUrl(path)] : ['-rtsp_transport', from.slice(5), '-i', urls.rtspUrl(path)];
  return start(['-v', 'error', '-copyts', ...input, '-c', 'copy', ...SAME_DELIMITERS, '-f', 'framecrc', '-']);
}

/** The packets of a file, as a reader would see them. */
export function packetsOf(file: string): Tracks {
  const args = ['-v', 'error', '-copyts', '-i', file, '-c', 'copy', ...SAME_DELIMITERS, '-f', 'framecrc', '-'];
  return parseFramecrc(execFileSync('ffmpeg', args, { encoding: 'utf8' }));
}

export interface Packet {
  /** Seconds; undefined when FFmpeg has none (its RTSP demuxer, for the first video packet). */
  pts: number | undefined;
  dts: number | undefined;
  ptsTicks: number;
  dtsTicks: number;
  size: number;
  crc: string;
}

export interface Tracks {
  video: Packet[];
  audio: Packet[];
}

/** Reads `-f framecrc`: `#tb n: num/den` lines, then `stream, dts, pts, duration, size, crc, …`. */
export function parseFramecrc(text: string): Tracks {
  const timeBase: number[] = [];
  const kinds: string[] = [];
  const tracks: Tracks = { video: [], audio: [] };
  for (const line of text.split('\n')) {
    const header = /^#(tb|media_type) (\d+): (.+)$/.exec(line);
    if (header !== null) {
      const index = Number(header[2]);
      const [numerator = 1, denominator = 1] = (header[3] ?? '').split('/').map(Number);
      if (header[1] === 'tb') timeBase[index] = numerator / denominator;
      else kinds[index] = header[3] ?? '';
      continue;
    }
    const fields = line.split(',').map((field) => field.trim());
    if (!/^\d+$/.test(fields[0] ?? '')) continue;
    const index = Number(fields[0]);
    const seconds = (text: string | undefined) => {
      const ticks = Number(text);
      return Math.abs(ticks) > 2 ** 60 ? undefined : ticks * (timeBase[index] ?? 1);
    };
    const packet = {
      dts: seconds(fields[1]),
      pts: seconds(fields[2]),
      dtsTicks: Number(fields[1]),
      ptsTicks: Number(fields[2]),
      size: Number(fields[4]),
      crc: fields[5] ?? '',
    };
    (kinds[index] === 'video' ? tracks.video : tracks.audio).push(packet);
  }
  return tracks;
}

export interface Clips {
  /** 30 fps, keyframe each 6 frames, no B-frames, AAC 48 kHz stereo. */
  plain: string;
  /** The same with up to three B-frames in a row and a keyframe a second. */
  reordered: string;
  remove(): void;
}

export function makeClips(durationS = 3): Clips {
  const folder = mkdtempSync(join(tmpdir(), 'media-relay-test-'));
  const make = (name: string, encoder: readonly string[]): string => {
    const file = join(folder, name);
    const video = ['-f', 'lavfi', '-i', `testsrc2=s=640x360:r=30:d=${durationS}`];
    const audio = ['-f', 'lavfi', '-i', `sine=440:r=48000:d=${durationS}`];
    const codecs = [
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-b:v',
      '1M',
      ...encoder,
      '-c:a',
      'aac',
      '-ac',
      '2',
      '-b:a',
      '96k',
    ];
    execFileSync('nice', ['ffmpeg', '-v', 'error', ...video, ...audio, ...codecs, file]);
    return file;
  };
  return {
    plain: make('plain.mp4', ['-bf', '0', '-g', '6']),
    reordered: make('reordered.mp4', ['-bf', '3', '-b_strategy', '0', '-g', '30']),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
