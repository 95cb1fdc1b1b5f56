// Reads outputs that write a lot all together, a few times a second: each wake-up costs more than the line that it is for.

import { getDefaultHighWaterMark, type Readable, setDefaultHighWaterMark } from 'node:stream';

/** Between two readings of a busy stream: what is read is at most so old. All busy streams of the process are read at the same pulse. */
const PULSE_MS = 150;
/** Lines a second from which on a stream is busy: below, each is read when it comes. */
const BUSY_LINES_A_SECOND = 50;
const WINDOW_MS = 500;
/** A pipe holds 64 KiB (pipe(7)), and its writer stands still when it is full: what writes this much at once is read without a pause. */
const MOST_UNREAD_BYTES = 8 * 1024;

const LINE_END = 10;

const paused = new Set<Readable>();
let pulse: NodeJS.Timeout | undefined;

/** Calls `onChunk` with all that the stream delivers, in order and at most 200 ms after it was written. The stream's own `end` comes after that. */
export function readPaced(stream: Readable, onChunk: (chunk: Buffer) => void): void {
  let windowFrom = performance.now();
  let lines = 0;
  let isBusy = false;
  stream.on('data', (chunk: Buffer) => {
    onChunk(chunk);
    lines += lineEndsIn(chunk);
    const lastedMs = performance.now() - windowFrom;
    if (lastedMs >= WINDOW_MS) {
      isBusy = (lines * 1_000) / lastedMs >= BUSY_LINES_A_SECOND;
      windowFrom += lastedMs;
      lines = 0;
    }
    if (!isBusy || chunk.length > MOST_UNREAD_BYTES) return;
    stream.pause();
    paused.add(stream);
    pulse ??= setInterval(readOn, PULSE_MS);
  });
  stream.once('close', () => paused.delete(stream));
}

/** What `create` makes stops reading when it is paused; by default a stream reads on until it holds 64 KiB, and wakes up for each line. */
export function withPausableOutput<T>(create: () => T): T {
  const before = getDefaultHighWaterMark(false);
  setDefaultHighWaterMark(false, 1);
  try {
    return create();
  } finally {
    setDefaultHighWaterMark(false, before);
  }
}

function readOn(): void {
  if (paused.size === 0) {
    clearInterval(pulse);
    pulse = undefined;
  }
  for (const stream of paused) stream.resume();
  paused.clear();
}

function lineEndsIn(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, at + 1)) count += 1;
  return count;
}
