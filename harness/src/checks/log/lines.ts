// Single log lines: whether one fits, what was nearest to fitting, when it says it was written.

import { nearest } from '../../base/nearest-name.ts';
import { type FieldPatterns, mismatches, patternHolds, valueAtPath } from '../../model/pattern.ts';
import type { LogLine } from '../../model/ports.ts';
import { sinceStart } from '../words.ts';

/** Enough for a structured line with a message; what is longer is in the log file. */
const SHOWN_CHARACTERS = 240;

/** `text` is the whole line, unless the line has a field of that name. */
export function fieldOfLine({ fields, text }: LogLine, path: string): unknown {
  const value = fields === undefined ? undefined : valueAtPath(fields, path);
  return value === undefined && path === 'text' ? text : value;
}

export function lineHolds(line: LogLine, where: FieldPatterns): boolean {
  return Object.entries(where).every(([path, pattern]) => patternHolds(pattern, fieldOfLine(line, path)));
}

export function showLine({ text }: LogLine): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** `; the nearest, at +3.2 s, has success false instead of true`: what to look at when no line fits. Empty without lines. */
export function nearestMiss(lines: LogLine[], where: FieldPatterns | undefined, fromMs: number): string {
  const last = lines.at(-1);
  if (!last || !where) return '';
  let best: LogLine | undefined;
  let bestFits = 0;
  for (const line of lines) {
    const fits = Object.entries(where).filter(([path, pattern]) =>
      patternHolds(pattern, fieldOfLine(line, path)),
    ).length;
    if (fits >= bestFits && fits > 0) [best, bestFits] = [line, fits];
  }
  if (!best) return `${neverThere([], lines, where)}; the last, at ${sinceStart(last.atMs, fromMs)}: ${showLine(last)}`;
  const line = best;
  const wrong = Object.entries(where)
    .flatMap(([path, pattern]) => mismatches(pattern, fieldOfLine(line, path), path))
    .map(({ path, expected, seen }) => `${path} ${seen} instead of ${expected}`);
  return `; the nearest, at ${sinceStart(best.atMs, fromMs)}, has ${wrong.join(', ')}`;
}

/** A field that no line has is probably misspelt: a note that says so, since it may also just not have happened yet. */
export function neverThere(fitting: LogLine[], lines: LogLine[], where: FieldPatterns | undefined): string {
  if (fitting.length > 0 || lines.length === 0) return '';
  const absent = Object.keys(where ?? {}).find((path) => !lines.some((line) => fieldOfLine(line, path) !== undefined));
  if (absent === undefined) return '';
  const known = new Set(lines.slice(-1_000).flatMap(({ fields }) => Object.keys(fields ?? {})));
  const near = nearest(absent, known);
  return ` (no line has a field \`${absent}\`${near === undefined ? '' : `; did you mean \`${near}\`?`})`;
}

/** Unix ms of a field with a time in it: epoch seconds, ms, µs or ns by their size, or ISO 8601. Undefined for anything else. */
export function timeOfLine(line: LogLine, path: string): number | undefined {
  const value = fieldOfLine(line, path);
  if (typeof value === 'string') {
    if (/^\d+(\.\d+)?$/.test(value)) return epochMs(Number(value));
    const parsed = Date.parse(value);
    return Number.isNaN(parsed) ? undefined : parsed;
  }
  return typeof value === 'number' ? epochMs(value) : undefined;
}

/** Seconds until the year 5138 have fewer digits than milliseconds since 1973, and so on up. */
function epochMs(value: number): number | undefined {
  if (!Number.isFinite(value) || value < 0) return undefined;
  if (value < 1e11) return value * 1_000;
  if (value < 1e14) return value;
  return value < 1e17 ? value / 1_000 : value / 1_000_000;
}
