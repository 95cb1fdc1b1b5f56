// Follows the timelines of a run while they are written, so that live views show what is stored and nothing else.

import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { splitLines } from '../base/lines.ts';
import type { TimelineEvent } from '../model/timeline.ts';

const EVERY_MS = 150;

export interface TimelineTail {
  /** Reads what has been written so far, now. */
  catchUp(): void;
  /** Reads what is left and stops. */
  close(): void;
}

/**
 * Calls `onEvent` for each event of every suite under `<runFolder>/suites/<suite>/timeline.ndjson`, soon after it is written. Types in `skip`
 * are not even parsed: samples and log lines are most of a timeline.
 */
export function tailTimelines(
  runFolder: string,
  onEvent: (suite: string, event: TimelineEvent) => void,
  skip: readonly TimelineEvent['type'][] = [],
): TimelineTail {
  const skipped = skip.map((type) => Buffer.from(`{"type":"${type}"`));
  const suitesFolder = join(runFolder, 'suites');
  const files = new Map<string, { fd: number; push: (chunk: Uint8Array) => void }>();
  const chunk = Buffer.alloc(256 * 1024);
  const look = () => {
    if (!existsSync(suitesFolder)) return;
    for (const suite of readdirSync(suitesFolder)) {
      const path = join(suitesFolder, suite, 'timeline.ndjson');
      if (files.has(suite) || !existsSync(path)) continue;
      // Records of big measurements can be long; a live view can do without them.
      const lines = splitLines(
        (line, truncated) => {
          if (truncated) return;
          try {
            onEvent(suite, JSON.parse(line) as TimelineEvent);
          } catch {
            // a torn line of a killed worker
          }
        },
        4 * 1024 * 1024,
        (line) => !skipped.some((start) => start.equals(line.subarray(0, start.length))),
      );
      files.set(suite, { fd: openSync(path, 'r'), push: lines.push });
    }
    for (const { fd, push } of files.values()) {
      for (let size = readSync(fd, chunk); size > 0; size = readSync(fd, chunk)) push(chunk.subarray(0, size));
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    catchUp: look,
    close() {
      clearInterval(timer);
      look();
      for (const { fd } of files.values()) closeSync(fd);
    },
  };
}
