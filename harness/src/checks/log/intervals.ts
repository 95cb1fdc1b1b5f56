// `intervals`: how far apart the lines that fit are.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField } from '../../model/fields.ts';
import {
  describeNumberMatcher,
  missBy,
  type NumberMatcher,
  numberHolds,
  numberMatcherField,
  type Tolerance,
  toleranceField,
} from '../../model/number-matcher.ts';
import type { LogLine } from '../../model/ports.ts';
import type { Finding } from '../combine.ts';
import { counted, sinceStart } from '../words.ts';
import { timed } from './sources.ts';

export interface IntervalsInput {
  of?: string | undefined;
  are: NumberMatcher[];
  tolerance?: Tolerance | undefined;
}

export const intervalsField = z
  .strictObject({
    of: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The field that holds the time of a line: epoch seconds or milliseconds, or ISO 8601. Without it, the time at which Testcard read the line',
      ),
    are: z
      .array(numberMatcherField(durationField))
      .min(1)
      .describe('Time from each line to the next, one for each pair: a duration (± `tolerance`), or a map of matchers'),
    tolerance: toleranceField(durationField)
      .optional()
      .describe('How far each duration may be off: a percentage of it, or a duration. Default 10%'),
  })
  .describe('How far apart the lines that fit are, in order');

const DEFAULT_TOLERANCE: Tolerance = { ratio: 0.1 };

/** Each interval's demand, a plain duration with the tolerance that all of them share. */
function demands({ are, tolerance = DEFAULT_TOLERANCE }: IntervalsInput): NumberMatcher[] {
  return are.map((demand) =>
    demand.equals !== undefined && demand.tolerance === undefined ? { ...demand, tolerance } : demand,
  );
}

/** Throws UntimedLine. */
export function judgeIntervals(
  lines: LogLine[],
  input: IntervalsInput,
  { fromMs, dropped }: { fromMs: number; dropped: number },
): Finding {
  const expected = describeIntervals(input);
  const times = timed(lines, input.of).map(({ atMs }) => atMs);
  const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const saw =
    steps.length === 0
      ? `saw ${counted(lines.length, 'line')}, no interval`
      : `saw ${steps.map(formatDurationMs).join(', ')}`;
  if (dropped > 0) {
    return {
      verdict: 'inconclusive',
      expected,
      seen: `saw ${counted(lines.length, 'line')}, but ${counted(dropped, 'line')} had to be dropped and may have fitted`,
      hint: 'the service logs more than is kept: lower its log level',
    };
  }
  const promised = demands(input);
  const wrong = steps.findIndex((step, index) => {
    const demand = promised[index];
    return demand !== undefined && !numberHolds(demand, step);
  });
  const broken = promised[wrong];
  if (broken !== undefined) {
    const line = lines[wrong + 1];
    return {
      verdict: 'failed',
      expected,
      seen: `${saw}: interval ${wrong + 1} is ${howWrong(broken, steps[wrong] ?? 0)}${line ? `, at ${sinceStart(line.atMs, fromMs)}` : ''}`,
      atMs: line?.atMs,
      hopeless: 'an interval that has passed stays as it is',
    };
  }
  if (steps.length > promised.length) {
    return {
      verdict: 'failed',
      expected,
      seen: `${saw}: ${counted(steps.length - promised.length, 'interval')} more than promised`,
      hopeless: 'lines that were logged stay logged',
    };
  }
  if (steps.length < promised.length) {
    return { verdict: 'failed', expected, seen: `${saw}: ${steps.length} of ${counted(promised.length, 'interval')}` };
  }
  return { verdict: 'passed', expected, seen: saw };
}

function howWrong(demand: NumberMatcher, stepMs: number): string {
  const { equals, tolerance } = demand;
  if (equals === undefined || tolerance === undefined) {
    const miss = missBy(demand, stepMs);
    return miss === 0 ? 'not as promised' : `${formatDurationMs(Math.abs(miss))} too ${miss > 0 ? 'long' : 'short'}`;
  }
  const off = Math.abs(stepMs - equals);
  const allowed = 'ratio' in tolerance ? equals * tolerance.ratio : tolerance.absolute;
  return `${formatDurationMs(off)} too ${stepMs > equals ? 'long' : 'short'}, ${formatDurationMs(off - allowed)} beyond its tolerance`;
}

export function describeIntervals({ are, tolerance = DEFAULT_TOLERANCE }: IntervalsInput): string {
  const off =
    'ratio' in tolerance ? `${Number((tolerance.ratio * 100).toFixed(4))}%` : formatDurationMs(tolerance.absolute);
  const words = are.map((demand) =>
    demand.equals === undefined || demand.tolerance !== undefined
      ? describeNumberMatcher(demand, formatDurationMs)
      : formatDurationMs(demand.equals),
  );
  return `${words.join(', ')} apart (± ${off})`;
}
