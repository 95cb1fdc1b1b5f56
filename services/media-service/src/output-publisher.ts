// The output: an ffmpeg that takes FLV on a pipe and publishes it over RTMP, nothing re-encoded, timestamps untouched.

import type { Clock } from './clock.ts';
import { settledWithin } from './clock.ts';
import { startFfmpeg } from './ffmpeg-process.ts';
import { encodeFlvTag, FLV_HEADER, type FlvTag } from './flv.ts';

export interface OutputPublisherOptions {
  url: string;
  clock: Clock;
  /** The receiver takes data again after `write` returned false. */
  onWritable: () => void;
  /** ffmpeg ended although nobody asked it to. */
  onFailure: (lastLine: string, exitCode: number | undefined) => void;
}

const CLOSE_TIMEOUT_MS = 5000;

export class OutputPublisher {
  readonly #ffmpeg;
  readonly #options: OutputPublisherOptions;
  #ending = false;

  constructor(options: OutputPublisherOptions) {
    this.#options = options;
    this.#ffmpeg = startFfmpeg({
      args: [
        // Probing holds back the first seconds of a stream for its reader; the two sequence headers say all there is to know.
        ...['-copyts', '-analyzeduration', '100000', '-fpsprobesize', '0', '-f', 'flv', '-i', 'pipe:0'],
        ...['-map', '0', '-c', 'copy', '-flvflags', 'no_duration_filesize', '-f', 'flv', options.url],
      ],
      stdin: 'pipe',
      stdout: 'ignore',
    });
    this.#ffmpeg.stdin?.on('drain', options.onWritable);
    this.#ffmpeg.stdin?.write(FLV_HEADER);
    void this.#ffmpeg.exited.then(({ exitCode, lastLine }) => {
      if (!this.#ending) options.onFailure(lastLine, exitCode);
    });
  }

  write(tag: FlvTag): boolean {
    return this.#ffmpeg.stdin?.write(encodeFlvTag(tag)) ?? true;
  }

  /** Sends what is buffered, unpublishes, and resolves to how it went. */
  async end(): Promise<{ ok: boolean; lastLine: string }> {
    this.#ending = true;
    this.#ffmpeg.stdin?.end();
    if (!(await settledWithin(this.#options.clock, this.#ffmpeg.exited, CLOSE_TIMEOUT_MS))) this.#ffmpeg.kill();
    const { exitCode, lastLine } = await this.#ffmpeg.exited;
    return { ok: exitCode === 0, lastLine };
  }

  kill(): void {
    this.#ending = true;
    this.#ffmpeg.kill();
  }
}
