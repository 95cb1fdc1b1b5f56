// Reads a stored timeline, event by event and bounded, so that an hour of it needs no more memory than a minute.

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { TestcardError } from '../model/errors.ts';
import type { TimelineEvent } from '../model/timeline.ts';

export interface TimelineLimits {
  timelineBytes: number;
  /** Of one record: measurements of a long recording are the longest there are. */
  lineBytes: number;
}

/** A line that is no record. */
export interface Damage {
  /** From 1. */
  line: number;
  /** Nothing comes after it: the run was killed while it wrote. */
  isLast: boolean;
  why: string;
}

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 10;

/** Yields what there is, in order; nothing when there is no file. Damaged lines are told and left out. Throws LIMIT_EXCEEDED. */
export function* readTimeline(
  path: string,
  limits: TimelineLimits,
  onDamage: (damage: Damage) => void,
): Generator<TimelineEvent> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return;
  if (stats.size > limits.timelineBytes) {
    throw new TestcardError('LIMIT_EXCEEDED', `${path} has ${stats.size} bytes, more than ${limits.timelineBytes}`);
  }
  let number = 0;
  let damaged: Damage | undefined;
  for (const line of linesOf(path, limits.lineBytes)) {
    number += 1;
    if (damaged) onDamage(damaged);
    damaged = undefined;
    if (line.text === '') continue;
    const event = parse(line.text);
    if (typeof event === 'string') damaged = { line: number, isLast: false, why: event };
    else yield event;
  }
  if (damaged) onDamage({ ...damaged, isLast: true });
}

function parse(text: string): TimelineEvent | string {
  try {
    const event = JSON.parse(text) as Partial<TimelineEvent> | null;
    if (typeof event?.type === 'string' && typeof event.atMs === 'number') return event as TimelineEvent;
    return 'it has no type or no time';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function* linesOf(path: string, maxBytes: number): Generator<{ text: string }> {
  const fd = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest: Buffer[] = [];
    let restBytes = 0;
    for (let size = readSync(fd, chunk); size > 0; size = readSync(fd, chunk)) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0 && at < size; at = chunk.indexOf(NEWLINE, from)) {
        const piece = chunk.subarray(from, at);
        yield { text: rest.length === 0 ? piece.toString('utf8') : Buffer.concat([...rest, piece]).toString('utf8') };
        rest = [];
        restBytes = 0;
        from = at + 1;
      }
      if (from < size) {
        rest.push(Buffer.from(chunk.subarray(from, size)));
        restBytes += size - from;
      }
      if (restBytes > maxBytes) {
        throw new TestcardError('LIMIT_EXCEEDED', `${path} has a line of more than ${maxBytes} bytes`);
      }
    }
    if (restBytes > 0) yield { text: Buffer.concat(rest).toString('utf8') };
  } finally {
    closeSync(fd);
  }
}
