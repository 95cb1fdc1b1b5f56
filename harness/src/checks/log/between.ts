// `between`: looks only at stretches that begin with one line and end with another, each by itself.

import { z } from 'zod';
import { describeNumberMatcher, type NumberMatcher, numberMatcherField } from '../../model/number-matcher.ts';
import type { LogLine } from '../../model/ports.ts';
import {
  describeSource,
  type LineSource,
  type LinesByService,
  lineSourceField,
  linesFrom,
  timed,
  timeFieldName,
} from './sources.ts';

export interface BetweenInput {
  from: LineSource;
  to: LineSource;
  times?: NumberMatcher | undefined;
  by?: string | undefined;
}

export const betweenField = z
  .strictObject({
    from: lineSourceField.describe('A stretch begins with such a line, and holds it'),
    to: lineSourceField.describe(
      'It ends with the next such line, and does not hold it; without one, it goes on to the end of what is looked at',
    ),
    times: numberMatcherField(z.number().int().min(0))
      .optional()
      .describe('How many stretches there must be: a number, or a map of matchers. Without it at least one'),
    by: timeFieldName,
  })
  .describe(
    'Judges the lines between two others: whatever else the check demands must hold in each such stretch by itself',
  );

export interface Stretch {
  fromMs: number;
  /** Undefined when its end has not come. */
  toMs: number | undefined;
  lines: LogLine[];
}

/** Throws UntimedLine. */
export function stretchesOf({ from, to, by }: BetweenInput, own: string, all: LinesByService, lines: LogLine[]) {
  const ends = timed(linesFrom(to, own, all), by).map(({ atMs }) => atMs);
  const candidates = timed(lines, by);
  const stretches: Stretch[] = [];
  for (const { atMs: fromMs } of timed(linesFrom(from, own, all), by)) {
    const open = stretches.at(-1);
    // A second beginning before the end belongs to the same stretch.
    if (open && (open.toMs === undefined || fromMs < open.toMs)) continue;
    const toMs = ends
      .filter((atMs) => atMs > fromMs)
      .reduce<number | undefined>((a, b) => Math.min(a ?? b, b), undefined);
    const inside = candidates.filter(({ atMs }) => atMs >= fromMs && (toMs === undefined || atMs < toMs));
    stretches.push({ fromMs, toMs, lines: inside.map(({ line }) => line) });
  }
  return stretches;
}

export function describeBetween({ from, to, times }: BetweenInput, own: string): string {
  const often = times === undefined ? '' : `, ${describeNumberMatcher(times)} times`;
  return `between ${describeSource(from, own)} and ${describeSource(to, own)}${often}`;
}
