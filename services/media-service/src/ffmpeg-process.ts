// Starts ffmpeg so that it cannot outlive the worker, keeps the end of what it says, and ends it in bounded time.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { WorkerFailure } from './exit-codes.ts';

export interface FfmpegExit {
  /** Undefined when ended by a signal. */
  exitCode: number | undefined;
  /** The last line ffmpeg wrote to stderr. */
  lastLine: string;
}

export interface FfmpegProcess {
  readonly pid: number | undefined;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  /** A pipe beyond the usual three, for reading. */
  pipe(fd: number): Readable;
  /** Resolves when the process is gone and its pipes are read to the end; never rejects. */
  readonly exited: Promise<FfmpegExit>;
  /** SIGTERM now, SIGKILL a second later. */
  stop(): void;
  kill(): void;
}

export interface FfmpegOptions {
  args: readonly string[];
  stdin: 'pipe' | 'ignore';
  stdout: 'pipe' | 'ignore';
  /** How many pipes to read from beyond stderr (fd 3, 4, …). */
  extraPipes?: number;
}

const FORCE_KILL_AFTER_MS = 1000;
const MAX_LINE_CHARACTERS = 500;

export function startFfmpeg(options: FfmpegOptions): FfmpegProcess {
  const extra = Array.from({ length: options.extraPipes ?? 0 }, () => 'pipe' as const);
  const [file, ...prefix] = launcher();
  const subprocess = execa(file ?? 'ffmpeg', [...prefix, '-v', 'error', '-nostdin', ...options.args], {
    stdio: [options.stdin, options.stdout, 'pipe', ...extra],
    buffer: false,
    reject: false,
    forceKillAfterDelay: FORCE_KILL_AFTER_MS,
  });
  let lastLine = '';
  subprocess.stderr?.on('data', (chunk: Buffer) => {
    const lines = (lastLine + chunk.toString('utf8')).split('\n').filter((line) => line.trim() !== '');
    lastLine = (lines.at(-1) ?? '').slice(0, MAX_LINE_CHARACTERS);
    if (chunk.at(-1) === 0x0a) lastLine += '\n';
  });
  // A process that ends while we write to it is seen in `exited`; the broken pipe itself is no news.
  subprocess.stdin?.on('error', () => {});
  return {
    pid: subprocess.pid,
    stdin: subprocess.stdin ?? null,
    stdout: subprocess.stdout ?? null,
    pipe: (fd) => {
      const stream = subprocess.stdio[fd];
      if (!stream || !('on' in stream) || !('read' in stream)) throw new Error(`ffmpeg has no readable pipe ${fd}`);
      return stream;
    },
    exited: subprocess.then((result) => ({
      exitCode: result.exitCode,
      lastLine: lastLine.trim() || (result.shortMessage ?? ''),
    })),
    stop: () => void subprocess.kill('SIGTERM'),
    kill: () => void subprocess.kill('SIGKILL'),
  };
}

/** Throws when there is no ffmpeg on PATH, before anything depends on it. */
export function requireFfmpeg(): void {
  if (findOnPath('ffmpeg') === undefined) {
    throw new WorkerFailure('ffmpeg-missing', 'ffmpeg not found on PATH: install it (Debian: apt-get install ffmpeg)');
  }
}

let cachedLauncher: string[] | undefined;

/** On Linux, setpriv asks the kernel to kill ffmpeg with its parent: an ffmpeg waiting on the network would not notice. */
function launcher(): string[] {
  if (cachedLauncher === undefined) {
    const setpriv = process.platform === 'linux' ? findOnPath('setpriv') : undefined;
    cachedLauncher = setpriv === undefined ? ['ffmpeg'] : [setpriv, '--pdeathsig', 'KILL', 'ffmpeg'];
  }
  return cachedLauncher;
}

function findOnPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((candidate) => {
      try {
        accessSync(candidate, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
