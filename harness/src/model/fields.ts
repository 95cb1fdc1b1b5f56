// Schemas of the values that many steps and checks share: durations and percentages, always with their unit.

import { z } from 'zod';
import { parseDurationMs } from '../base/duration.ts';

const DURATION = /^[+-]?(\d+(\.\d+)?(ms|s|m|h))+$/;

/** `500ms`, `2s`, `1m30s` → milliseconds. A bare number is refused: its unit would be a guess. */
export const durationField = z
  .string({
    error: (issue) => `a duration with its unit, such as 500ms, 2s or 1m30s (got ${JSON.stringify(issue.input)})`,
  })
  .regex(DURATION, {
    error: (issue) => `a duration with its unit, such as 500ms, 2s or 1m30s (got ${JSON.stringify(issue.input)})`,
  })
  .transform((text) => parseDurationMs(text) ?? 0);

/**
 * For `superRefine`: `message` when nothing is demanded by the value. Silent when something else is wrong with it already:
 * a misspelt key is then the likely reason.
 */
export function mustDemand<T>(demands: (value: T) => boolean, message: string) {
  return (value: T, context: z.RefinementCtx<T>): void => {
    if (context.issues.length === 0 && !demands(value)) context.addIssue({ code: 'custom', message });
  };
}

/** `95%` → 0.95. */
export const percentField = z
  .string({ error: (issue) => `a percentage such as 95% (got ${JSON.stringify(issue.input)})` })
  .regex(/^\d+(\.\d+)?%$/, { error: (issue) => `a percentage such as 95% (got ${JSON.stringify(issue.input)})` })
  .transform((text) => Number(text.slice(0, -1)) / 100);
