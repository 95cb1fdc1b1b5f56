// Newline-delimited JSON on disk: appended in order, what matters at once, what comes by the thousand a moment later and together.

import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { maskedJson } from './mask.ts';
import { waitAndWrite } from './wait-and-write.ts';

export interface NdjsonWriter<T> {
  readonly path: string;
  append(record: T): void;
  close(): void;
}

export interface NdjsonOptions<T> {
  /** Hides secrets. */
  mask?: (text: string) => string;
  /** Records that may be written up to 50 ms later, together; all others are on disk, with everything before them, when `append` returns. */
  mayWait?: (record: T) => boolean;
}

/** Opens `path` for appending. Only whole records are written, so a killed process leaves at most one torn last line. */
export function openNdjson<T>(
  path: string,
  { mask = (text) => text, mayWait = () => false }: NdjsonOptions<T> = {},
): NdjsonWriter<T> {
  mkdirSync(dirname(path), { recursive: true });
  let fd: number | undefined = openSync(path, 'a');
  const waiting = waitAndWrite((text) => fd !== undefined && writeAll(fd, text));
  return {
    path,
    append(record) {
      if (fd === undefined) return; // late events of things already being torn down have nowhere to go
      waiting.add(`${maskedJson(record, mask)}\n`);
      if (!mayWait(record)) waiting.flush();
    },
    close() {
      waiting.close();
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}
