// Runs a program that takes its time: tells now and then what it is at, and keeps its last words for when it fails.

import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { TestcardError } from '../../src/model/errors.ts';

const TELL_EVERY_MS = 15_000;
const KEPT_LINES = 15;

export interface LongRun {
  /** What it does, for messages: `building echo-sts`. */
  what: string;
  say: (line: string) => void;
  env?: Record<string, string>;
  /** What to do about a failure. */
  hint?: string;
}

/** Throws IMAGE_MISSING with the last thing it said when it fails. */
export async function runLong(file: string, args: readonly string[], { what, say, env, hint }: LongRun): Promise<void> {
  const lines: string[] = [];
  const startedAt = performance.now();
  const child = execa(file, args, { reject: false, all: true, buffer: false, ...(env ? { env } : {}) });
  const timer = setInterval(() => {
    say(`${what}, ${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${(lines.at(-1) ?? '').slice(0, 100)}`);
  }, TELL_EVERY_MS);
  try {
    for await (const line of child.iterable({ from: 'all' })) {
      const words = stripVTControlCharacters(line ?? '').trim();
      if (words) lines.push(words);
      if (lines.length > KEPT_LINES) lines.shift();
    }
    const result = await child;
    if (result.exitCode !== 0)
      throw imageFailure(what, lines.length > 0 ? lines.join('\n') : (result.shortMessage ?? ''), hint);
  } finally {
    clearInterval(timer);
  }
}

export function imageFailure(what: string, output: string, hint?: string): TestcardError {
  const tail = output.trimEnd().split('\n').slice(-KEPT_LINES);
  return new TestcardError('IMAGE_MISSING', `${what} failed: ${tail.at(-1)?.trim() || 'it said nothing'}`, {
    hint,
    detail: tail,
  });
}
