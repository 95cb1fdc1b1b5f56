// Judges log lines. A line that was dropped was still logged: what is left never shows that it was not.

import { formatDurationMs } from '../../base/duration.ts';
import { type NumberMatcher, numberHolds, outlookWhenGrowing } from '../../model/number-matcher.ts';
import { type FieldPatterns, valueAtPath } from '../../model/pattern.ts';
import type { LogLine } from '../../model/ports.ts';
import type { Judgement } from '../../model/verdict.ts';
import { combine, type Finding } from '../combine.ts';
import { counted, sinceStart } from '../words.ts';
import {
  allowedMs,
  demandedCount,
  describeCount,
  describeIntervals,
  describeLines,
  describeSequence,
  type LogInput,
} from './demand.ts';
import { lineHolds, nearestMiss, neverThere, showLine, timeOfLine } from './lines.ts';

export interface LogObservation {
  fromMs: number;
  /** Every line of the window, oldest first. */
  lines: LogLine[];
  /** Lines that a limit dropped: they were logged and cannot be looked at. */
  dropped: number;
  /** Of the service since it was first started, so that an empty window is told from a log that is not captured. */
  everLogged: boolean;
  everStructured: boolean;
}

const LINES_KEPT = 20;

export function judgeLog(seen: LogObservation, input: LogInput): Judgement {
  const { where } = input.log;
  const lines = where === undefined ? seen.lines : seen.lines.filter((line) => lineHolds(line, where));
  const count = demandedCount(input);
  const findings: Finding[] = [];
  if (count) findings.push(judgeCount(lines, count, seen, input));
  if (input.sequence) findings.push(judgeSequence(lines, input.sequence, seen));
  if (input.intervals) findings.push(judgeIntervals(lines, input.intervals, seen));
  return {
    last: lines.length,
    ...combine(describeLines(input.log), findings),
    detail: {
      lines: lines.length,
      of: seen.lines.length,
      first: lines.slice(0, LINES_KEPT).map((line) => ({ atMs: line.atMs, text: showLine(line) })),
    },
  };
}

function judgeCount(lines: LogLine[], count: NumberMatcher, seen: LogObservation, input: LogInput): Finding {
  const expected = describeCount(count);
  const blind = blindness(lines, seen, input);
  const outlook = outlookWhenGrowing(count, lines.length);
  const matched = `${counted(lines.length, 'line')} of ${seen.lines.length}`;
  if (outlook === 'hopeless') {
    const extra = lines.find((_, index) => outlookWhenGrowing(count, index + 1) === 'hopeless') as LogLine;
    return {
      verdict: 'failed',
      expected,
      seen: `saw ${matched}, ${lines.length > 1 ? 'one too many' : 'it came'} at ${sinceStart(extra.atMs, seen.fromMs)}: ${showLine(extra)}`,
      atMs: extra.atMs,
      hopeless: 'lines that were logged stay logged',
    };
  }
  if (outlook !== 'settled') {
    if (blind) return { verdict: 'inconclusive', expected, ...blind };
    if (seen.dropped > 0) return { verdict: 'inconclusive', expected, ...droppedLines(matched, seen) };
  }
  if (numberHolds(count, lines.length)) {
    return { verdict: 'passed', expected, seen: `saw ${matched}${neverThere(lines, seen.lines, input.log.where)}` };
  }
  const instead = lines.length === 0 ? nearestMiss(seen.lines, input.log.where, seen.fromMs) : '';
  return { verdict: 'failed', expected, seen: `saw ${matched}${instead}` };
}

/** Why a count of none would say nothing, when it would. */
function blindness(lines: LogLine[], seen: LogObservation, { log: { of, where } }: LogInput) {
  if (lines.length > 0) return undefined;
  if (!seen.everLogged) {
    return {
      seen: `${of} has not logged a single line since it was started, so nothing shows that its log is captured`,
    };
  }
  const structured = Object.keys(where ?? {}).some((field) => field !== 'text');
  if (!structured || seen.everStructured) return undefined;
  return {
    seen: `no line of ${of} has fields: it does not log JSON, or is not said to`,
    hint: 'set `x-testcard.logs: json` in the Compose file, or match the line itself: `where: { text: /…/ }`',
  };
}

function droppedLines(matched: string, { dropped }: LogObservation) {
  return {
    seen: `saw ${matched}, but ${counted(dropped, 'line')} had to be dropped and may have fitted`,
    hint: 'the service logs more than is kept: lower its log level',
  };
}

function judgeSequence(lines: LogLine[], sequence: FieldPatterns[], seen: LogObservation): Finding {
  const expected = describeSequence(sequence);
  const found: LogLine[] = [];
  let from = 0;
  for (const where of sequence) {
    const index = lines.findIndex((line, at) => at >= from && lineHolds(line, where));
    const line = lines[index];
    if (!line) break;
    found.push(line);
    from = index + 1;
  }
  const at = found.map((line) => sinceStart(line.atMs, seen.fromMs)).join(', ');
  const next = sequence[found.length];
  if (next === undefined) return { verdict: 'passed', expected, seen: `saw them at ${at}` };
  const early = lines.find((line) => lineHolds(line, next));
  const missing = `${found.length === 0 ? 'saw none of them' : `saw the first ${found.length} of ${sequence.length} at ${at}`}; number ${found.length + 1}`;
  if (seen.dropped > 0) return { verdict: 'inconclusive', expected, ...droppedLines(`${found.length} of them`, seen) };
  return {
    verdict: 'failed',
    expected,
    seen: early
      ? `${missing} came too early, at ${sinceStart(early.atMs, seen.fromMs)}`
      : `${missing} did not come${nearestMiss(lines.slice(from), next, seen.fromMs)}`,
  };
}

function judgeIntervals(
  lines: LogLine[],
  intervals: NonNullable<LogInput['intervals']>,
  seen: LogObservation,
): Finding {
  const expected = describeIntervals(intervals);
  const { of, are, tolerance } = intervals;
  const times: number[] = [];
  for (const line of lines) {
    const time = of === undefined ? line.atMs : timeOfLine(line, of);
    if (time === undefined) {
      const value = JSON.stringify(valueAtPath(line.fields, of ?? '')) ?? 'not there';
      return {
        verdict: 'inconclusive',
        expected,
        seen: `the line at ${sinceStart(line.atMs, seen.fromMs)} has no time in \`${of}\` (${value}): ${showLine(line)}`,
        hint: 'epoch seconds or milliseconds, or ISO 8601; without `of` the time of reading the line counts',
      };
    }
    times.push(time);
  }
  const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const saw =
    steps.length === 0
      ? `saw ${counted(lines.length, 'line')}, no interval`
      : `saw ${steps.map(formatDurationMs).join(', ')}`;
  if (seen.dropped > 0)
    return { verdict: 'inconclusive', expected, ...droppedLines(counted(lines.length, 'line'), seen) };
  const wrong = steps.findIndex((step, index) => {
    const promised = are[index];
    return promised !== undefined && Math.abs(step - promised) > allowedMs(promised, tolerance);
  });
  const promised = are[wrong];
  if (promised !== undefined) {
    const step = steps[wrong] ?? 0;
    const line = lines[wrong + 1];
    const beyond = Math.abs(step - promised) - allowedMs(promised, tolerance);
    return {
      verdict: 'failed',
      expected,
      seen: `${saw}: interval ${wrong + 1} is ${formatDurationMs(Math.abs(step - promised))} ${step > promised ? 'too long' : 'too short'}, ${formatDurationMs(beyond)} beyond its tolerance${line ? `, at ${sinceStart(line.atMs, seen.fromMs)}` : ''}`,
      atMs: line?.atMs,
      hopeless: 'an interval that has passed stays as it is',
    };
  }
  if (steps.length > are.length) {
    return {
      verdict: 'failed',
      expected,
      seen: `${saw}: ${counted(steps.length - are.length, 'interval')} more than promised`,
      hopeless: 'lines that were logged stay logged',
    };
  }
  if (steps.length < are.length) {
    return { verdict: 'failed', expected, seen: `${saw}: ${steps.length} of ${counted(are.length, 'interval')}` };
  }
  return { verdict: 'passed', expected, seen: saw };
}
