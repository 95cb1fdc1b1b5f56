// One attempt at publishing: starts FFmpeg and follows its packets.

import type { Clock } from '../../base/clock.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { endpointOf } from '../ffmpeg/await-port.ts';
import { readTap } from '../ffmpeg/packet-tap.ts';
import { startTool, type ToolProcess, type ToolResult } from '../ffmpeg/run-tool.ts';
import { openPacedConnection, type PacedConnection } from './paced-connection.ts';
import { publishArguments } from './publish-arguments.ts';

export interface PublishRequest {
  name: string;
  /** The fixture's file. It has a picture; sound where `hasAudio` says so. */
  path: string;
  /** As this machine reaches it: rtsp:// or rtmp://. */
  url: string;
  /** The address as whoever asked wrote it, for messages. Default: `url`. */
  shownAs?: string;
  /** Length of the fixture's picture, ms: for progress, for noticing an early end, and the round of a loop. */
  durationMs: number;
  hasAudio: boolean;
  /** Repeat until stopped. Sound is then encoded live (AAC 128 kbit/s); the picture is still copied. */
  loop?: boolean | undefined;
  /** Where in the fixture to start; the keyframe at or before it is the first frame. Not together with `loop`. */
  startAtMs?: number | undefined;
}

export interface PublishOptions {
  signal: AbortSignal;
  guard?: ProcessGuard | undefined;
  clock?: Clock;
  /** How long the server may take to accept the stream, from the call on. Default 10 s. */
  connectWithinMs?: number;
  /** After each packet. */
  onProgress?: (facts: PublishFacts) => void;
  /** A looped fixture has started again; `round` counts from 1. */
  onJoin?: (join: { atMs: number; round: number }) => void;
}

export interface PublishFacts {
  /** When FFmpeg had sent the first packet of all, Unix ms; undefined while none was. */
  firstPacketAtMs?: number;
  /** When FFmpeg had sent the first frame of the picture, Unix ms. It leaves when its time has come (see RtpPacing). */
  firstFrameAtMs?: number;
  /** Presentation time of that first frame in what is published, ms. */
  firstFramePtsMs?: number;
  lastPacketAtMs?: number;
  packets: number;
  /** Packets of the picture. */
  frames: number;
  /** How much of the picture is published, ms. */
  publishedMs: number;
  /** How often a loop has begun again. */
  joins: number;
}

/** No packet for so long means that the server no longer reads: packets are due every few tens of milliseconds. */
const STALL_MS = 10_000;

export interface PublishAttempt {
  process: ToolProcess;
  facts: PublishFacts;
  /** Resolves when the server has taken the first frame. Never rejects. */
  flowing: Promise<'flowing'>;
  /** As the process's own, but after its last packet was counted. */
  ended: Promise<ToolResult>;
}

/**
 * Resolves to why not when nobody listens there. Throws FFMPEG_MISSING, and rejects when `bound` ends it before FFmpeg has started.
 */
export async function publishOnce(
  request: PublishRequest,
  options: PublishOptions,
  clock: Clock,
  bound: AbortSignal,
): Promise<PublishAttempt | { problem: string }> {
  const connection = await connectionFor(request, { signal: bound, guard: options.guard });
  if (connection && 'problem' in connection) return connection;
  try {
    return startAttempt(request, options, clock, connection);
  } catch (error) {
    await connection?.finish();
    throw error;
  }
}

/** Only RTP's times are told by when packets come; RTMP's servers go by its timestamps. */
async function connectionFor({ url }: PublishRequest, options: Parameters<typeof openPacedConnection>[2]) {
  const endpoint = endpointOf(url);
  return endpoint && url.startsWith('rtsp:') ? openPacedConnection(url, endpoint, options) : undefined;
}

function startAttempt(
  request: PublishRequest,
  options: PublishOptions,
  clock: Clock,
  connection: PacedConnection | undefined,
): PublishAttempt {
  const { loop, durationMs } = request;
  const url = connection?.url ?? request.url;
  const process = startTool('ffmpeg', publishArguments({ ...request, url, loopMs: loop ? durationMs : undefined }), {
    signal: options.signal,
    guard: options.guard,
    extraPipes: 1,
    stallMs: STALL_MS,
    share: 'high',
  });
  const facts: PublishFacts = { packets: 0, frames: 0, publishedMs: 0, joins: 0 };
  const flowing = Promise.withResolvers<'flowing'>();
  const read = readTap((packet) => {
    const atMs = clock.nowMs();
    facts.packets += 1;
    facts.firstPacketAtMs ??= atMs;
    facts.lastPacketAtMs = atMs;
    if (packet.kind === 'video') {
      facts.frames += 1;
      facts.firstFrameAtMs ??= atMs;
      facts.firstFramePtsMs ??= packet.ptsMs;
      const sinceStartMs = packet.ptsMs - facts.firstFramePtsMs;
      facts.publishedMs = Math.max(facts.publishedMs, sinceStartMs + packet.durationMs);
      // Half a frame of tolerance: RTP's and FLV's clocks round.
      const round = loop ? Math.floor((sinceStartMs + packet.durationMs / 2) / durationMs) : 0;
      if (round > facts.joins) {
        facts.joins = round;
        options.onJoin?.({ atMs, round });
      }
      flowing.resolve('flowing');
    }
    options.onProgress?.(facts);
  });
  const [tap] = process.extra;
  const tapClosed = new Promise<void>((resolve) => tap?.once('close', resolve) ?? resolve());
  tap?.on('data', read).resume();
  const ended = process.ended.then(async (result) => {
    await Promise.all([tapClosed, connection?.finish()]);
    // Whoever reads it is to find the address that was asked for.
    return { ...result, reason: result.reason.replaceAll(url, request.url) };
  });
  return { process, facts, flowing: flowing.promise, ended };
}
