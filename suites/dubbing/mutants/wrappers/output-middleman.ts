// Sits between the worker and its RTMP output: the worker publishes to another path of the same server, and what is read there is
// published on where it belongs, with a defect.

import type { ChildProcess } from 'node:child_process';
import type { OutputTap } from '../mutant.ts';
import { createFlvReader, encodeFlvTag, FLV_HEADER, isFrame } from './flv-tags.ts';
import { startChild } from './true-service.ts';

const QUIET = ['-v', 'error', '-nostdin', '-copyts'];
const AT_ONCE = ['-analyzeduration', '100000', '-fpsprobesize', '0'];
const FLV = ['-flvflags', 'no_duration_filesize', '-f', 'flv'];
/** After a reader that found nothing: the server lets readers wait, so this is rare. */
const AGAIN_AFTER_MS = 100;

export interface OutputMiddleman {
  /** Where the worker is to publish. */
  url: string;
  stop(): void;
}

export function startOutputMiddleman(
  outputUrl: string,
  tapOf: () => OutputTap,
  codecs = ['-c', 'copy'],
): OutputMiddleman {
  const url = `${outputUrl}-as-published`;
  const running = new Set<ChildProcess>();
  let stopped = false;
  const start = (args: string[], stdio: ('pipe' | 'inherit' | 'ignore')[]): ChildProcess => {
    const child = startChild(['ffmpeg', ...QUIET, ...args], { env: process.env, stdio });
    running.add(child);
    child.once('close', () => running.delete(child));
    return child;
  };

  const next = (): void => {
    if (stopped) return;
    const reader = start(
      [...AT_ONCE, '-i', url, '-map', '0', '-c', 'copy', ...FLV, 'pipe:1'],
      ['ignore', 'pipe', 'ignore'],
    );
    let publisher: ChildProcess | undefined;
    let firstMs: number | undefined;
    const read = createFlvReader();
    const tap = tapOf();
    reader.stdout?.on('data', (chunk: Buffer) => {
      for (const tag of read(chunk)) {
        if (!publisher) {
          const input = [...AT_ONCE, '-f', 'flv', '-i', 'pipe:0', '-map', '0'];
          publisher = start([...input, ...codecs, ...FLV, outputUrl], ['pipe', 'ignore', 'inherit']);
          publisher.stdin?.on('error', () => {}); // it ended first: nobody to write to
          publisher.stdin?.write(FLV_HEADER);
        }
        if (isFrame(tag)) firstMs ??= tag.timestampMs;
        for (const out of tap(tag, tag.timestampMs - (firstMs ?? tag.timestampMs)))
          publisher.stdin?.write(encodeFlvTag(out));
      }
    });
    reader.once('close', () => {
      publisher?.stdin?.end();
      setTimeout(next, publisher ? 0 : AGAIN_AFTER_MS);
    });
  };
  next();
  return {
    url,
    stop() {
      stopped = true;
      for (const child of running) child.kill('SIGKILL');
    },
  };
}
