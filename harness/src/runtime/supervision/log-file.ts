// The log of one service on disk: every line as it came, up to a limit that is said in the file itself.

import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { waitAndWrite } from '../../base/wait-and-write.ts';

export interface LogFile {
  readonly path: string;
  append(line: string): void;
  close(): void;
}

const MAX_BYTES = 64 * 1024 * 1024;
/** Nobody watches a log file by the clock, and the timeline has the lines, too. */
const WAIT_MS = 1_000;

/** `<folder>/<service>.log`, appended to. A killed harness loses the last second at most. */
export function openLogFile(
  folder: string,
  service: string,
  { mask = (text: string) => text, maxBytes = MAX_BYTES } = {},
): LogFile {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${service.replace(/[^\w.-]/g, '_')}.log`);
  let fd: number | undefined = openSync(path, 'a');
  let written = 0;
  const waiting = waitAndWrite((text) => fd !== undefined && writeSync(fd, text), WAIT_MS);
  return {
    path,
    append(line) {
      if (fd === undefined || written > maxBytes) return;
      const text = `${mask(line)}\n`;
      written += Buffer.byteLength(text);
      waiting.add(text);
      if (written > maxBytes)
        waiting.add(`[testcard: this log is longer than ${maxBytes} bytes; the rest is not kept]\n`);
    },
    close() {
      waiting.close();
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}
