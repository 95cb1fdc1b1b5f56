// Runs ffmpeg and ffprobe: argv only, in a process group of its own that is always ended, with a bounded log, extra output
// pipes, progress and stall detection. FFmpeg can exit 0 with nothing done and can hang past its own time-outs, so callers
// judge what they counted; this only says how the process went.

import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { splitLines } from '../../base/lines.ts';
import { TestcardError } from '../../model/errors.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import { locateTool, type Tool } from './locate.ts';
import { type ProcessorShare, setProcessorShare } from './processor-share.ts';
import { type FfmpegProgress, progressReader } from './progress.ts';
import { distilReason } from './reason.ts';

export interface ToolOptions {
  /** Aborting ends the process group: SIGTERM, then SIGKILL after `stopGraceMs`. */
  signal?: AbortSignal | undefined;
  /** Kills the group should the harness itself die. */
  guard?: ProcessGuard | undefined;
  /** `pipe` gives `process.stdin`. Default: no input. */
  stdin?: 'pipe' | 'ignore';
  /** `pipe` gives `process.stdout`, which must be consumed (for await, pipe or resume; it starts paused). Default: dropped. */
  stdout?: 'pipe' | 'ignore';
  /** How many pipes after stderr; in the arguments `pipe:3`, `pipe:4` … They start paused and must be consumed. */
  extraPipes?: number;
  /** ffmpeg only: adds `-progress`. */
  onProgress?: (progress: FfmpegProgress) => void;
  /** How often FFmpeg reports progress, ms. Default 100. */
  progressEveryMs?: number;
  /** No log line, no progress and no byte on any pipe for so long: the process is killed and `stalled` is set. Default: never. */
  stallMs?: number | undefined;
  /** Each line of stderr as it comes. */
  onLogLine?: (line: string) => void;
  /** How long SIGTERM is given before SIGKILL. Default 1000 ms. */
  stopGraceMs?: number;
  /** Whether it goes before or after others on a busy machine. Default: neither. */
  share?: ProcessorShare;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

export interface ToolResult {
  tool: Tool;
  exitCode: number | undefined;
  signal: string | undefined;
  /** How its end came: by itself, by `stop`, by the caller's signal, or because nothing moved for `stallMs`. */
  ending: 'exited' | 'stopped' | 'aborted' | 'stalled';
  elapsedMs: number;
  /** The last 40 lines of its log. */
  logTail: string[];
  /** One line: why it failed, or how it ended when the log tells nothing. */
  reason: string;
}

export interface ToolProcess {
  readonly pid: number;
  readonly stdin: Writable | undefined;
  readonly stdout: Readable | undefined;
  /** The extra pipes: `extra[0]` is `pipe:3`. */
  readonly extra: readonly Readable[];
  /** Resolves when the process has exited, however; rejects only when it could not be started (FFMPEG_MISSING, FFMPEG_FAILED). */
  readonly ended: Promise<ToolResult>;
  /** Ends the process group and waits for it: SIGTERM lets FFmpeg finish its file, a second one breaks a blocked read, then SIGKILL. */
  stop(graceMs?: number): Promise<ToolResult>;
}

const TAIL_LINES = 40;
const COMMON_ARGS: Record<Tool, string[]> = {
  ffmpeg: ['-hide_banner', '-nostdin', '-nostats'],
  ffprobe: ['-hide_banner'],
};

/** Starts the tool. Throws FFMPEG_MISSING. */
export function startTool(tool: Tool, args: readonly string[], options: ToolOptions = {}): ToolProcess {
  options.signal?.throwIfAborted();
  const path = locateTool(tool, options.env);
  const extraPipes = options.extraPipes ?? 0;
  const progressFd = options.onProgress ? 3 + extraPipes : undefined;
  const everyS = (options.progressEveryMs ?? 100) / 1_000;
  const progressArgs =
    progressFd === undefined ? [] : ['-progress', `pipe:${progressFd}`, '-stats_period', String(everyS)];
  const startedAt = performance.now();
  const running = execa(path, [...COMMON_ARGS[tool], ...progressArgs, ...args], {
    stdio: [
      options.stdin ?? 'ignore',
      options.stdout ?? 'ignore',
      'pipe',
      ...Array.from({ length: extraPipes }, () => 'pipe' as const),
      ...(progressFd === undefined ? [] : ['pipe' as const]),
    ],
    env: { ...options.env, AV_LOG_FORCE_NOCOLOR: '1' },
    extendEnv: options.env === undefined,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    encoding: 'buffer',
    detached: true, // a process group of its own: Ctrl-C in the terminal is ours to handle, and one kill ends everything
    cleanup: false,
    buffer: false,
    reject: false,
  });
  void Promise.resolve(running).catch(() => {}); // how it ends is read off the child process below
  const child = running.nodeChildProcess;
  const { pid } = child;
  if (pid === undefined) throw new TestcardError('FFMPEG_FAILED', `${path} could not be started`);
  const unguard = options.guard?.adopt(pid);
  if (options.share) setProcessorShare(pid, options.share);

  const logTail: string[] = [];
  let movedAt = performance.now();
  const moved = () => {
    movedAt = performance.now();
  };
  const log = splitLines((line) => {
    logTail.push(line);
    if (logTail.length > TAIL_LINES) logTail.shift();
    moved();
    options.onLogLine?.(line);
  }, 4_096);
  const logEnded = consume(
    child.stderr,
    (chunk) => log.push(chunk),
    () => log.end(),
  );

  const pipes = child.stdio.slice(3) as (Readable | null)[]; // we only open output pipes there
  const extra = pipes.slice(0, extraPipes).filter((pipe) => pipe !== null);
  const stdout = child.stdout ?? undefined;
  const outputs = [...(stdout ? [stdout] : []), ...extra];
  for (const output of outputs) output.pause(); // otherwise execa drains what nobody reads within a tick

  const { onProgress } = options;
  const progressPipe = progressFd === undefined ? undefined : pipes[extraPipes];
  let progressEnded: Promise<void> = Promise.resolve();
  if (progressPipe && onProgress) {
    let last = '';
    const read = progressReader((progress) => {
      const now = `${progress.frame} ${progress.outTimeMs} ${progress.totalBytes}`;
      if (now !== last) moved(); // FFmpeg goes on reporting while it hangs: only a changed report is movement
      last = now;
      onProgress(progress);
    });
    const lines = splitLines(read, 4_096);
    progressEnded = consume(
      progressPipe,
      (chunk) => lines.push(chunk),
      () => lines.end(),
    );
  }

  let ending: ToolResult['ending'] = 'exited';
  let exited = false;
  const kill = (signal: NodeJS.Signals) => {
    if (exited) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // gone in this very moment
    }
  };
  let timers: NodeJS.Timeout[] = [];
  const end = (why: ToolResult['ending'], graceMs: number) => {
    if (exited || ending !== 'exited') return;
    ending = why;
    // FFmpeg looks at the first SIGTERM between packets only; the second one also breaks a read that is blocked.
    kill('SIGTERM');
    timers.push(
      setTimeout(() => kill('SIGTERM'), graceMs / 4),
      setTimeout(() => kill('SIGKILL'), graceMs),
    );
  };
  const graceMs = options.stopGraceMs ?? 1_000;
  const onAbort = () => end('aborted', graceMs);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const stallTimer = watchForStall(
    outputs,
    options.stallMs,
    () => movedAt,
    moved,
    () => {
      end('stalled', 0); // what hangs does not listen
    },
  );

  const exitEvent = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const ended = (async (): Promise<ToolResult> => {
    await exitEvent;
    exited = true;
    for (const timer of timers) clearTimeout(timer);
    timers = [];
    clearInterval(stallTimer);
    options.signal?.removeEventListener('abort', onAbort);
    unguard?.();
    await Promise.all([logEnded, progressEnded]);
    const exitCode = child.exitCode ?? undefined;
    const signal = child.signalCode ?? undefined;
    return {
      tool,
      exitCode,
      signal,
      ending,
      elapsedMs: performance.now() - startedAt,
      logTail,
      reason: reasonOf(tool, ending, logTail, exitCode, signal, options.stallMs),
    };
  })();
  ended.catch(() => {}); // callers that only `stop` do not look at it

  return {
    pid,
    stdin: child.stdin ?? undefined,
    stdout,
    extra,
    ended,
    stop(stopGraceMs = graceMs) {
      end('stopped', stopGraceMs);
      return ended;
    },
  };
}

/** Why the tool failed, as an error that callers throw once they have judged what it delivered. `what`: `measure output.flv`. */
export function toolFailed(what: string, result: ToolResult): TestcardError {
  return new TestcardError('FFMPEG_FAILED', `${what}: ${result.reason}`, {
    detail: { exitCode: result.exitCode, signal: result.signal, ending: result.ending, log: result.logTail },
  });
}

/** Runs a tool to its end with its standard output collected, at most `maxBytes` (default 4 MiB; more is LIMIT_EXCEEDED). */
export async function runTool(
  tool: Tool,
  args: readonly string[],
  options: Omit<ToolOptions, 'stdout'> & { maxBytes?: number } = {},
): Promise<ToolResult & { stdout: Buffer }> {
  const maxBytes = options.maxBytes ?? 4 * 1024 * 1024;
  const running = startTool(tool, args, { ...options, stdout: 'pipe' });
  const chunks: Buffer[] = [];
  let size = 0;
  let over = false;
  running.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else if (!over) {
      over = true;
      void running.stop(0);
    }
  });
  const drained = running.stdout ? endOf(running.stdout) : Promise.resolve();
  running.stdout?.resume();
  const result = await running.ended;
  await drained;
  if (over) throw new TestcardError('LIMIT_EXCEEDED', `${tool} wrote more than ${maxBytes} bytes`);
  options.signal?.throwIfAborted();
  return { ...result, stdout: Buffer.concat(chunks) };
}

function reasonOf(
  tool: Tool,
  ending: ToolResult['ending'],
  logTail: string[],
  exitCode: number | undefined,
  signal: string | undefined,
  stallMs: number | undefined,
): string {
  const said = distilReason(logTail);
  if (ending === 'stalled') return `${tool} made no progress for ${stallMs} ms${said ? ` (last said: ${said})` : ''}`;
  if (said !== undefined) return said;
  return signal === undefined ? `${tool} exited with code ${exitCode}` : `${tool} was ended by ${signal}`;
}

/** Calls `onStall` once when neither the log, nor progress, nor a pipe has moved for `stallMs`. */
function watchForStall(
  outputs: Readable[],
  stallMs: number | undefined,
  movedAt: () => number,
  moved: () => void,
  onStall: () => void,
): NodeJS.Timeout | undefined {
  if (stallMs === undefined) return undefined;
  let seenBytes = 0;
  const timer = setInterval(
    () => {
      const bytes = outputs.reduce((sum, output) => sum + ((output as { bytesRead?: number }).bytesRead ?? 0), 0);
      // A reader that is behind holds FFmpeg up; that is the reader's time, not a stall.
      const readerBehind = outputs.some((output) => output.readableLength > 0);
      if (bytes !== seenBytes || readerBehind) moved();
      seenBytes = bytes;
      if (performance.now() - movedAt() >= stallMs) {
        clearInterval(timer);
        onStall();
      }
    },
    Math.max(10, Math.min(250, stallMs / 4)),
  );
  timer.unref();
  return timer;
}

function consume(stream: Readable | null, onChunk: (chunk: Buffer) => void, onEnd: () => void): Promise<void> {
  if (stream === null) return Promise.resolve();
  stream.on('data', onChunk);
  return endOf(stream).then(onEnd);
}

function endOf(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    stream.once('close', resolve);
    stream.once('error', () => resolve());
  });
}
