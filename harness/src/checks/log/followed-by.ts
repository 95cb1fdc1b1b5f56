// `followed-by`: each line that fits is followed by others about the same thing, once each and in order.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField } from '../../model/fields.ts';
import {
  describeNumberMatcher,
  type NumberMatcher,
  numberHolds,
  numberMatcherField,
} from '../../model/number-matcher.ts';
import { showValue } from '../../model/pattern.ts';
import type { LogLine } from '../../model/ports.ts';
import type { Finding } from '../combine.ts';
import { counted, sinceStart } from '../words.ts';
import { fieldOfLine, showLine } from './lines.ts';
import {
  describeSource,
  type LineSource,
  type LinesByService,
  lineSourceShape,
  linesFrom,
  type TimedLine,
  timed,
  timeFieldName,
} from './sources.ts';

export interface FollowedByInput {
  same: string[];
  lines: Follower[];
  by?: string | undefined;
}

interface Follower extends LineSource {
  count?: NumberMatcher | undefined;
  after?: NumberMatcher | undefined;
}

export const followedByField = z
  .strictObject({
    same: z
      .union([
        z
          .string()
          .min(1)
          .transform((field) => [field]),
        z.array(z.string().min(1)).min(1),
      ])
      .describe('The field (or fields) that lines about the same thing have the same value in, such as an id'),
    lines: z
      .array(
        z.strictObject({
          ...lineSourceShape,
          count: numberMatcherField(z.number().int().min(0))
            .optional()
            .describe('How many such lines: a number, or a map of matchers. Default 1: neither missing nor twice'),
          after: numberMatcherField(durationField, 'at-most')
            .optional()
            .describe(
              'How long after the line that it follows the first of them comes: at most this, or a map of matchers',
            ),
        }),
      )
      .min(1)
      .describe('What must follow, in this order'),
    by: timeFieldName,
  })
  .describe('What must follow each line that fits `log.where`, about the same thing');

const ONCE: NumberMatcher = { equals: 1 };

/** Throws UntimedLine. */
export function judgeFollowedBy(
  input: FollowedByInput,
  own: string,
  all: LinesByService,
  { fromMs, dropped, lines }: { fromMs: number; dropped: number; lines: LogLine[] },
): Finding {
  const expected = describeFollowedBy(input, own);
  if (dropped > 0) {
    const seen = `${counted(dropped, 'line')} had to be dropped and may have been among them`;
    return { verdict: 'inconclusive', expected, seen };
  }
  if (lines.length === 0) return { verdict: 'inconclusive', expected, seen: 'there was no line to be followed' };
  const followers = input.lines.map((follower) => {
    const byId = new Map<string, TimedLine[]>();
    for (const each of timed(linesFrom(follower, own, all), input.by)) {
      const id = idOf(each.line, input.same);
      if (id !== undefined) byId.set(id, [...(byId.get(id) ?? []), each]);
    }
    return { follower, byId };
  });
  const wrong: { first: TimedLine; why: string }[] = [];
  for (const first of timed(lines, input.by)) {
    const id = idOf(first.line, input.same);
    if (id === undefined) {
      const seen = `the line at ${sinceStart(first.line.atMs, fromMs)} has no ${names(input.same)}: ${showLine(first.line)}`;
      return { verdict: 'inconclusive', expected, seen };
    }
    const why = whyNot(first, id, followers, own);
    if (why !== undefined) wrong.push({ first, why });
  }
  const [worst] = wrong;
  if (!worst) return { verdict: 'passed', expected, seen: `saw it for ${counted(lines.length, 'line')}` };
  const about = input.same.map((field) => `${field} ${showValue(fieldOfLine(worst.first.line, field))}`).join(', ');
  const more = wrong.length > 1 ? `; so are ${wrong.length - 1} more of ${lines.length} wrong` : '';
  return {
    verdict: 'failed',
    expected,
    seen: `the line at ${sinceStart(worst.first.line.atMs, fromMs)} (${about}) ${worst.why}${more}`,
    atMs: worst.first.line.atMs,
  };
}

function whyNot(
  first: TimedLine,
  id: string,
  followers: { follower: Follower; byId: Map<string, TimedLine[]> }[],
  own: string,
): string | undefined {
  let previous = first;
  for (const { follower, byId } of followers) {
    const what = describeSource(follower, own);
    const about = byId.get(id)?.filter((each) => each.line !== first.line) ?? [];
    const after = about.filter((each) => each.atMs >= first.atMs);
    if (!numberHolds(follower.count ?? ONCE, after.length)) {
      const early = after.length < about.length ? ` (and ${about.length - after.length} before it)` : '';
      return `was followed by ${counted(after.length, 'line')} with ${what}${early} instead of ${describeNumberMatcher(follower.count ?? ONCE)}`;
    }
    const [next] = after;
    if (!next) continue;
    if (next.atMs < previous.atMs)
      return `was followed by ${what} too early, ${formatDurationMs(previous.atMs - next.atMs)} before what should come first`;
    const afterMs = next.atMs - first.atMs;
    if (follower.after && !numberHolds(follower.after, afterMs)) {
      return `was followed by ${what} after ${formatDurationMs(afterMs)} instead of ${describeNumberMatcher(follower.after, formatDurationMs)}`;
    }
    previous = next;
  }
  return undefined;
}

/** The values of the fields together, or undefined when one is missing. */
function idOf(line: LogLine, fields: string[]): string | undefined {
  const values = fields.map((field) => fieldOfLine(line, field));
  return values.includes(undefined) ? undefined : JSON.stringify(values);
}

function names(fields: string[]): string {
  return fields.map((field) => `\`${field}\``).join(', ');
}

export function describeFollowedBy({ same, lines }: FollowedByInput, own: string): string {
  const what = lines.map((follower) => {
    const often = follower.count === undefined ? '' : `${describeNumberMatcher(follower.count)} × `;
    const soon =
      follower.after === undefined ? '' : ` after ${describeNumberMatcher(follower.after, formatDurationMs)}`;
    return `${often}${describeSource(follower, own)}${soon}`;
  });
  return `each followed by ${what.join(', then ')}, with the same ${same.join(' and ')}`;
}
