// What the two ways of recording have in common: one attempt at reading a stream into a file.

import type { Clock } from '../../base/clock.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import type { ToolProcess, ToolResult } from '../ffmpeg/run-tool.ts';

export interface CaptureRequest {
  url: string;
  /** Written from scratch. */
  file: string;
}

export interface CaptureOptions {
  signal: AbortSignal;
  guard?: ProcessGuard | undefined;
  clock: Clock;
  /** Each packet, once it is in the file. */
  onPacket: () => void;
}

export interface CaptureFacts {
  /** When the first and the last packet of picture or sound arrived, Unix ms. */
  firstPacketAtMs?: number;
  lastPacketAtMs?: number;
  /** Decoding times of the first and the latest packet, ms. */
  firstTimestampMs?: number;
  lastTimestampMs?: number;
  videoPackets: number;
  audioPackets: number;
  bytes: number;
  /** Timestamps that FFmpeg changed before it wrote them, because its container cannot hold them: not as they came. */
  rewrittenTimestamps: number;
}

export interface Capture {
  process: ToolProcess;
  facts: CaptureFacts;
  /** Resolves when the process is gone and the file is complete. Rejects when the file could not be written. */
  ended: Promise<ToolResult>;
}

export function noFacts(): CaptureFacts {
  return { videoPackets: 0, audioPackets: 0, bytes: 0, rewrittenTimestamps: 0 };
}

/** Notes one packet of picture or sound. */
export function countPacket(facts: CaptureFacts, kind: 'video' | 'audio', timestampMs: number, atMs: number): void {
  if (kind === 'video') facts.videoPackets += 1;
  else facts.audioPackets += 1;
  facts.firstPacketAtMs ??= atMs;
  facts.lastPacketAtMs = atMs;
  facts.firstTimestampMs ??= timestampMs;
  facts.lastTimestampMs = timestampMs;
}
