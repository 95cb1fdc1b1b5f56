// Newline-delimited JSON on disk: appended without losing a line on a crash.

import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { maskedJson } from './mask.ts';

export interface NdjsonWriter<T> {
  readonly path: string;
  append(record: T): void;
  close(): void;
}

/** Opens `path` for appending. Each record is one `write`, so a killed process leaves at most one torn last line. `mask` hides secrets. */
export function openNdjson<T>(path: string, mask: (text: string) => string = (text) => text): NdjsonWriter<T> {
  mkdirSync(dirname(path), { recursive: true });
  let fd: number | undefined = openSync(path, 'a');
  return {
    path,
    append(record) {
      if (fd === undefined) return; // late events of things already being torn down have nowhere to go
      writeSync(fd, `${maskedJson(record, mask)}\n`);
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}
