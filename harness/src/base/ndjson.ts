// Newline-delimited JSON on disk: append without losing a line on a crash, read without holding the file in memory.

import { closeSync, createReadStream, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

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
      writeSync(fd, `${mask(JSON.stringify(record))}\n`);
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

/** Yields each record of the file; a torn last line is skipped. */
export async function* readNdjson<T>(path: string): AsyncGenerator<T> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    if (line === '') continue;
    let record: T;
    try {
      record = JSON.parse(line) as T;
    } catch {
      continue; // the writer was killed in the middle of this line
    }
    yield record;
  }
}
