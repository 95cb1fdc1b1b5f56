// Runs ffmpeg or ffprobe over a file to its end and hands on what comes through its pipes, chunk by chunk.

import type { Readable } from 'node:stream';
import { startTool, type Tool, type ToolResult } from '../ffmpeg/index.ts';
import { distilReason } from '../ffmpeg/reason.ts';

export interface StreamToolOptions {
  signal: AbortSignal;
  /** Readers of stdout, `pipe:3`, `pipe:4` …, in this order. */
  readers: ((chunk: Buffer) => void)[];
  /** Takes a line of the log and says whether it was data (true) or talk that may tell why something failed. */
  onLogLine?: (line: string) => boolean;
  /** Default 30 s: a file is read as fast as it can be, so this is a hang. */
  stallMs?: number;
}

const KEPT_LINES = 40;

/**
 * Resolves when the tool has exited and every pipe is drained. Whether that was a success is for the caller to judge by what
 * came through: FFmpeg can exit 0 without a frame. Throws FFMPEG_MISSING, the signal's reason, and what a reader throws.
 */
export async function streamTool(tool: Tool, args: string[], options: StreamToolOptions): Promise<ToolResult> {
  const { signal, readers, onLogLine } = options;
  const talk: string[] = [];
  const running = startTool(tool, args, {
    signal,
    stdout: readers.length > 0 ? 'pipe' : 'ignore',
    extraPipes: Math.max(0, readers.length - 1),
    stallMs: options.stallMs ?? 30_000,
    share: 'low', // what it reads is on disk and keeps
    onLogLine: (line) => {
      if (onLogLine?.(line)) return;
      talk.push(line);
      if (talk.length > KEPT_LINES) talk.shift();
    },
  });
  const failures: unknown[] = [];
  const pipes = [running.stdout, ...running.extra];
  const drained = readers.map((read, index) => {
    const pipe = pipes[index];
    return pipe === undefined
      ? Promise.resolve()
      : drain(pipe, (chunk) => {
          try {
            read(chunk);
          } catch (error) {
            if (failures.length === 0) void running.stop(0);
            failures.push(error);
          }
        });
  });
  const result = await running.ended;
  await Promise.all(drained);
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  const reason = result.ending === 'stalled' ? result.reason : (distilReason(talk) ?? result.reason);
  return { ...result, logTail: talk, reason };
}

function drain(pipe: Readable, read: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve) => {
    pipe.on('data', read);
    pipe.once('close', resolve);
    pipe.once('error', () => resolve());
    pipe.resume();
  });
}
