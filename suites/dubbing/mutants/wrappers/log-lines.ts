// Passes a service's stdout on line by line, and lets a defect change the lines that are JSON objects.

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { LogRecord } from '../mutant.ts';

export interface LogTap {
  hear(line: LogRecord): void;
  change?: ((line: LogRecord) => LogRecord | undefined) | undefined;
}

/** Resolves when the stream has ended and everything of it is written. */
export async function passLog(from: Readable, tap: LogTap, write: (text: string) => void): Promise<void> {
  for await (const text of createInterface({ input: from, crlfDelay: Number.POSITIVE_INFINITY })) {
    const line = parse(text);
    if (!line) {
      write(`${text}\n`);
      continue;
    }
    tap.hear(line);
    const changed = tap.change ? tap.change(line) : line;
    if (changed) write(`${changed === line && !tap.change ? text : JSON.stringify(changed)}\n`);
  }
}

function parse(text: string): LogRecord | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as LogRecord;
  } catch {
    return undefined;
  }
}
