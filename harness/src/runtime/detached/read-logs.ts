// Log lines of a detached environment: what was written so far, and then as it comes.

import { closeSync, openSync, readSync } from 'node:fs';
import { type Clock, systemClock } from '../../base/clock.ts';
import { splitLines } from '../../base/lines.ts';
import type { LogLine } from '../../model/ports.ts';
import { type DetachedState, detachedFolder, readState } from './state.ts';

export interface ReadLogsOptions {
  /** Only of these; default all. */
  services?: readonly string[];
  /** Go on until the environment is down or `signal` aborts. */
  follow?: boolean;
  /** Only the last so many of what is there already. */
  last?: number;
  signal?: AbortSignal;
  clock?: Clock;
}

const LOOK_EVERY_MS = 100;
const CHUNK_BYTES = 256 * 1024;

/** Oldest first, services interleaved as they wrote. Works for an environment that is down as long as its folder is there. */
export async function* readLogs(
  reports: string,
  { name }: Pick<DetachedState, 'name'>,
  options: ReadLogsOptions = {},
): AsyncGenerator<LogLine> {
  const { services, follow = false, last = Number.POSITIVE_INFINITY, signal, clock = systemClock } = options;
  const folder = detachedFolder(reports, name);
  let pending: LogLine[] = [];
  const splitter = splitLines((text) => {
    const line = parseLine(text);
    if (line && (services === undefined || services.includes(line.service))) pending.push(line);
  }, 1024 * 1024);
  const file = openSync(folder.lines, 'r');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let isPast = true;
  try {
    for (;;) {
      // Asked before reading: what was written while it went down is still read.
      const isUp = readState(folder) !== undefined;
      for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
        splitter.push(buffer.subarray(0, read));
        if (isPast && pending.length > last) pending = last === 0 ? [] : pending.slice(-last);
        else if (!isPast || last === Number.POSITIVE_INFINITY) yield* pending.splice(0);
      }
      isPast = false;
      yield* pending.splice(0);
      if (!follow || !isUp || signal?.aborted) return;
      await clock.delay(LOOK_EVERY_MS, signal).catch(() => {}); // aborted: the loop ends above
    }
  } finally {
    closeSync(file);
  }
}

function parseLine(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined; // torn by a kill
  }
}
