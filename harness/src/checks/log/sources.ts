// Lines of one or several services on one time scale.

import { z } from 'zod';
import { fieldPatternsField } from '../../model/matcher.ts';
import { describeFields, type FieldPatterns } from '../../model/pattern.ts';
import type { LogLine } from '../../model/ports.ts';
import { fieldOfLine, lineHolds, timeOfLine } from './lines.ts';

/** Lines of a service; of the check's own one when `of` is left out. */
export interface LineSource {
  of?: string | undefined;
  where: FieldPatterns;
}

export const lineSourceShape = {
  of: z.string().min(1).optional().describe('The service that logs them; default: the one that the check is about'),
  where: fieldPatternsField.describe('Fields that such a line must have, as in `log.where`'),
};

export const lineSourceField = z.strictObject(lineSourceShape);

export const timeFieldName = z
  .string()
  .min(1)
  .optional()
  .describe(
    'The field that holds the time of a line, as in `intervals.of`: needed to compare lines of two services exactly. Without it, the time at which Testcard read the line',
  );

/** Lines of all services that a check looks at, oldest first. */
export type LinesByService = ReadonlyMap<string, LogLine[]>;

export interface TimedLine {
  line: LogLine;
  atMs: number;
}

/** A line that does not tell its time: nothing can be said of before and after. */
export class UntimedLine extends Error {
  readonly line: LogLine;
  readonly value: unknown;
  readonly field: string;

  constructor(line: LogLine, field: string) {
    super(`no time in ${field}`);
    this.line = line;
    this.field = field;
    this.value = fieldOfLine(line, field);
  }
}

/** Throws UntimedLine. */
export function timed(lines: LogLine[], field: string | undefined): TimedLine[] {
  return lines.map((line) => {
    const atMs = field === undefined ? line.atMs : timeOfLine(line, field);
    if (atMs === undefined) throw new UntimedLine(line, field ?? '');
    return { line, atMs };
  });
}

export function linesFrom({ of, where }: LineSource, own: string, lines: LinesByService): LogLine[] {
  return (lines.get(of ?? own) ?? []).filter((line) => lineHolds(line, where));
}

/** `state "open" (of worker)`: the service only where it is another one. */
export function describeSource({ of, where }: LineSource, own: string): string {
  return of === undefined || of === own ? describeFields(where) : `${describeFields(where)} (of ${of})`;
}
