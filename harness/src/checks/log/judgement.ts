// Judges log lines. A line that was dropped was still logged: what is left never shows that it was not.

import { type NumberMatcher, numberHolds, outlookWhenGrowing } from '../../model/number-matcher.ts';
import type { FieldPatterns } from '../../model/pattern.ts';
import type { LogLine } from '../../model/ports.ts';
import type { Judgement } from '../../model/verdict.ts';
import { combine, type Finding } from '../combine.ts';
import { counted, sinceStart } from '../words.ts';
import { describeBetween, type Stretch, stretchesOf } from './between.ts';
import {
  demandedCount,
  describeCount,
  describeDemands,
  describeLines,
  describeSequence,
  type LogInput,
} from './demand.ts';
import { describeFollowedBy, judgeFollowedBy } from './followed-by.ts';
import { describeIntervals, judgeIntervals } from './intervals.ts';
import { lineHolds, nearestMiss, neverThere, showLine } from './lines.ts';
import { type LinesByService, UntimedLine } from './sources.ts';
import { describeUnderWay, judgeUnderWay } from './under-way.ts';

export interface LogObservation {
  fromMs: number;
  /** Every line of the window, oldest first. */
  lines: LogLine[];
  /** Lines that a limit dropped: they were logged and cannot be looked at. */
  dropped: number;
  /** Of the service since it was first started, so that an empty window is told from a log that is not captured. */
  everLogged: boolean;
  everStructured: boolean;
  /** Lines of the other services that the check compares with, in the same window. */
  others?: Record<string, LogLine[]> | undefined;
}

const LINES_KEPT = 20;

export function judgeLog(seen: LogObservation, input: LogInput): Judgement {
  const { where } = input.log;
  const lines = where === undefined ? seen.lines : seen.lines.filter((line) => lineHolds(line, where));
  return {
    last: lines.length,
    ...combine(describeLines(input.log), findingsOf(seen, input)),
    detail: {
      lines: lines.length,
      of: seen.lines.length,
      first: lines.slice(0, LINES_KEPT).map((line) => ({ atMs: line.atMs, text: showLine(line) })),
    },
  };
}

function findingsOf(seen: LogObservation, input: LogInput): Finding[] {
  const { between } = input;
  if (!between) return judgeDemands(seen, input);
  return [timedFinding(describeDemands(input), seen, () => judgeStretches(seen, input, between))];
}

/** A line without a time leaves open what depends on it, and nothing else. */
function timedFinding(expected: string, seen: LogObservation, judge: () => Finding): Finding {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof UntimedLine)) throw error;
    const { field, line, value } = error;
    return {
      verdict: 'inconclusive',
      expected,
      seen: `the line at ${sinceStart(line.atMs, seen.fromMs)} has no time in \`${field}\` (${JSON.stringify(value) ?? 'not there'}): ${showLine(line)}`,
      hint: 'epoch seconds or milliseconds, or ISO 8601; without a field the time of reading the line counts',
    };
  }
}

function linesByService({ lines, others }: LogObservation, { log }: LogInput): LinesByService {
  return new Map([...Object.entries(others ?? {}), [log.of, lines]]);
}

function judgeDemands(seen: LogObservation, input: LogInput, all = linesByService(seen, input)): Finding[] {
  const { of, where } = input.log;
  const lines = where === undefined ? seen.lines : seen.lines.filter((line) => lineHolds(line, where));
  const count = demandedCount(input);
  const findings: Finding[] = [];
  if (count) findings.push(judgeCount(lines, count, seen, input));
  if (input.sequence) findings.push(judgeSequence(lines, input.sequence, seen));
  const { intervals, 'followed-by': followed, 'under-way': underWay } = input;
  const judge = (expected: string, each: () => Finding) => findings.push(timedFinding(expected, seen, each));
  if (intervals) judge(describeIntervals(intervals), () => judgeIntervals(lines, intervals, seen));
  if (followed) {
    judge(describeFollowedBy(followed, of), () => judgeFollowedBy(followed, of, all, { ...seen, lines }));
  }
  if (underWay) judge(describeUnderWay(underWay, of), () => judgeUnderWay(underWay, of, all, seen));
  return findings;
}

/** Every stretch by itself; the first that does not hold speaks. */
function judgeStretches(seen: LogObservation, input: LogInput, between: NonNullable<LogInput['between']>): Finding {
  const { of } = input.log;
  const expected = describeDemands(input);
  const stretches = stretchesOf(between, of, linesByService(seen, input), seen.lines);
  const times = stretches.length;
  const often = between.times ?? { 'at-least': 1 };
  if (!numberHolds(often, times)) {
    const verdict = between.times === undefined || seen.dropped > 0 ? 'inconclusive' : 'failed';
    const hopeless = outlookWhenGrowing(often, times) === 'hopeless' ? 'what has begun has begun' : undefined;
    return {
      verdict,
      expected,
      seen: `saw ${counted(times, 'stretch', 'stretches')} ${describeBetween(between, of)}`,
      hopeless,
    };
  }
  const all = linesByService(seen, input);
  const judged = stretches.map((stretch) => {
    const inside = new Map([...all, [of, stretch.lines]]);
    return { stretch, findings: judgeDemands({ ...seen, lines: stretch.lines }, input, inside) };
  });
  for (const verdict of ['failed', 'inconclusive'] as const) {
    for (const [index, { stretch, findings }] of judged.entries()) {
      const finding = findings.find((each) => each.verdict === verdict);
      if (!finding) continue;
      return { ...finding, expected, seen: `${placeOf(stretch, index, times, seen)}: ${finding.seen}` };
    }
  }
  const held = judged.map(({ stretch, findings }, index) => {
    return `${placeOf(stretch, index, times, seen)}: ${findings.map((finding) => finding.seen).join('; ')}`;
  });
  return { verdict: 'passed', expected, seen: held.join('; ') };
}

function placeOf({ fromMs, toMs }: Stretch, index: number, times: number, seen: LogObservation): string {
  const end = toMs === undefined ? 'now' : sinceStart(toMs, seen.fromMs);
  return `stretch ${index + 1} of ${times}, ${sinceStart(fromMs, seen.fromMs)} to ${end}`;
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
