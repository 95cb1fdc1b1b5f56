// The log of one service on disk: every line as it came, up to a limit that is said in the file itself.

import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface LogFile {
  readonly path: string;
  append(line: string): void;
  close(): void;
}

const MAX_BYTES = 64 * 1024 * 1024;

/** `<folder>/<service>.log`, appended to. Lines are written at once, so that a killed harness loses none. */
export function openLogFile(
  folder: string,
  service: string,
  { mask = (text: string) => text, maxBytes = MAX_BYTES } = {},
): LogFile {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${service.replace(/[^\w.-]/g, '_')}.log`);
  let fd: number | undefined = openSync(path, 'a');
  let written = 0;
  return {
    path,
    append(line) {
      if (fd === undefined || written > maxBytes) return;
      written += writeSync(fd, `${mask(line)}\n`);
      if (written > maxBytes)
        writeSync(fd, `[testcard: this log is longer than ${maxBytes} bytes; the rest is not kept]\n`);
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}
