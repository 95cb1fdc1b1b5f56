// One publisher, one reader over each protocol, and faults between them: what the readers got, matched with what was published.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Packet, packetsOf, parseFramecrc, publish, start, type Tracks, type Transport } from './ffmpeg.ts';
import type { RunningRelay } from './relay-fixture.ts';
import { until } from './until.ts';

export interface FaultClip {
  file: string;
  source: Tracks;
  folder: string;
  remove(): void;
}

/** Every frame and every packet of sound is different, keyframes each 6 frames. `frames` back to back pictures between B-frames: 0 for none. */
export function makeFaultClip(seconds: number, encoder: readonly string[] = ['-bf', '0']): FaultClip {
  const folder = mkdtempSync(join(tmpdir(), 'media-relay-faults-'));
  const file = join(folder, 'clip.mp4');
  execFileSync('nice', [
    ...['ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', `testsrc2=s=320x180:r=30:d=${seconds}`],
    ...['-f', 'lavfi', '-i', `anoisesrc=r=48000:d=${seconds}:a=0.1:seed=7`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '6', '-pix_fmt', 'yuv420p', ...encoder],
    ...['-c:a', 'aac', '-ac', '2', '-b:a', '96k', file],
  ]);
  return { file, folder, source: packetsOf(file), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** What one reader got. Times in ms. */
export interface Got {
  video: Packet[];
  audio: Packet[];
  /** Decoded pictures, in the order of showing. */
  pictures: { ptsMs: number; sum: string }[];
  stderr: string;
}

export interface Probed {
  ptsMs: number;
  sizeBytes: number;
}

export interface FaultRun {
  path: string;
  /** Resolves once the RTMP reader has so many packets of video. */
  frames(count: number): Promise<void>;
  post(fault: Record<string, unknown>): Promise<{ status: number; body: FaultBody }>;
  end(id: string): Promise<{ status: number; body: FaultBody }>;
  /** What FFmpeg's demuxers alone make of it, for times that a muxer would put straight; when the stream is over. */
  probed(protocol: 'rtsp' | 'rtmp'): Promise<{ video: Probed[]; audio: Probed[] }>;
  /** When publisher and readers are done. */
  result(): Promise<{ rtsp: Got; rtmp: Got; publisherCode: number | null; tookMs: number }>;
}

export interface FaultBody {
  id: string;
  state: 'active' | 'ended';
  packets: number;
  error?: string;
}

export async function postFault(relay: RunningRelay, fault: unknown): Promise<{ status: number; body: FaultBody }> {
  return call(relay, 'POST', '/v3/faults', fault);
}

export async function call(
  relay: RunningRelay,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: FaultBody }> {
  const response = await fetch(`http://127.0.0.1:${relay.apiPort}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: response.status, body: (await response.json()) as FaultBody };
}

const PROBE = ['-v', 'error', '-show_entries', 'packet=codec_type,pts_time,size', '-of', 'csv=p=0'];

/** Until so many readers wait for a publisher. */
function waiting(relay: RunningRelay, count: number): Promise<void> {
  return until(`${count} readers to wait`, async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${relay.apiPort}/metrics`)).text();
    return Number(/^waiting_readers (\d+)$/m.exec(metrics)?.[1]) >= count;
  });
}

let runs = 0;

export async function startFaultRun(relay: RunningRelay, clip: FaultClip, from: Transport): Promise<FaultRun> {
  runs += 1;
  const path = `live/fault/${runs}`;
  const readers = (['rtsp', 'rtmp'] as const).map((protocol) => {
    const pictures = join(clip.folder, `${path.replaceAll('/', '-')}-${protocol}`);
    const input =
      protocol === 'rtmp' ? ['-i', relay.rtmpUrl(path)] : ['-rtsp_transport', 'tcp', '-i', relay.rtspUrl(path)];
    // The muxer may not wait for a track that has fallen silent, and a decoder may not make up for what is missing.
    const reader = start([
      ...['-v', 'warning', '-copyts', '-analyzeduration', '500000', '-fpsprobesize', '0', ...input],
      ...['-map', '0', '-c', 'copy', '-bsf:v', 'h264_mp4toannexb,filter_units=remove_types=7-9'],
      ...['-max_interleave_delta', '200000', '-flush_packets', '1', '-f', 'framecrc', 'pipe:1'],
      ...['-map', '0:v', '-fps_mode', 'passthrough', '-f', 'framecrc', pictures],
    ]);
    let seen = '';
    reader.child.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1');
    });
    return { reader, pictures, frames: () => parseFramecrc(seen).video.length };
  });
  const probes = {
    rtsp: start([...PROBE, '-rtsp_transport', 'tcp', relay.rtspUrl(path)], 'ffprobe'),
    rtmp: start([...PROBE, relay.rtmpUrl(path)], 'ffprobe'),
  };
  await waiting(relay, 4);
  const publisher = publish(clip.file, from, relay, path);
  const [rtsp, rtmp] = readers;
  if (rtsp === undefined || rtmp === undefined) throw new Error('a reader is missing');
  return {
    path,
    frames: (count) => until(`${count} frames`, () => rtmp.frames() >= count),
    post: (fault) => postFault(relay, { path, ...fault }),
    end: (id) => call(relay, 'DELETE', `/v3/faults/${id}`),
    async probed(protocol) {
      const { stdout } = await probes[protocol].done;
      const rows = stdout.split('\n').map((line) => line.split(','));
      const of = (kind: string) =>
        rows
          .filter(([type]) => type === kind)
          .map(([, pts, size]) => ({ ptsMs: Number(pts) * 1000, sizeBytes: Number(size) }));
      return { video: of('video'), audio: of('audio') };
    },
    async result() {
      const got = async ({ reader, pictures }: (typeof readers)[number]): Promise<Got> => {
        const { stdout, stderr } = await reader.done;
        const decoded = parseFramecrc(readFileSync(pictures, 'utf8')).video;
        return {
          ...parseFramecrc(stdout),
          pictures: decoded.map(({ pts, crc }) => ({ ptsMs: (pts ?? Number.NaN) * 1000, sum: crc })),
          stderr,
        };
      };
      const done = await publisher.done;
      return {
        rtsp: await got(rtsp),
        rtmp: await got(rtmp),
        publisherCode: done.code,
        tookMs: done.tookMs,
      };
    },
  };
}

/** How much later than published each packet of sound is, against the picture beside it; ms, in order. */
export function soundOffsets(got: Got, source: Tracks): number[] {
  const moved = (packets: readonly Packet[], originals: readonly Packet[]) => {
    const bySum = new Map(originals.map(({ crc, pts }) => [crc, pts ?? Number.NaN]));
    return packets.flatMap(({ crc, pts }) => {
      const original = bySum.get(crc);
      return original === undefined || pts === undefined ? [] : [(pts - original) * 1000];
    });
  };
  const video = moved(got.video, source.video).sort((a, b) => a - b);
  const middle = video[Math.floor(video.length / 2)] ?? Number.NaN;
  return moved(got.audio, source.audio).map((each) => each - middle);
}
