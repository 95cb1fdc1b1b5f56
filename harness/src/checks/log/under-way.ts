// `under-way`: how many things that begin with one line and end with another are going on at the same time.

import { z } from 'zod';
import {
  describeNumberMatcher,
  type NumberMatcher,
  numberHolds,
  numberMatcherField,
  outlookWhenGrowing,
} from '../../model/number-matcher.ts';
import { showValue } from '../../model/pattern.ts';
import type { LogLine } from '../../model/ports.ts';
import type { Finding } from '../combine.ts';
import { counted, sinceStart } from '../words.ts';
import { fieldOfLine, lineHolds, showLine } from './lines.ts';
import {
  describeSource,
  type LineSource,
  type LinesByService,
  lineSourceField,
  type TimedLine,
  timed,
  timeFieldName,
} from './sources.ts';

export interface UnderWayInput {
  from: LineSource;
  to: LineSource;
  same: string;
  peak: NumberMatcher;
  by?: string | undefined;
}

export const underWayField = z
  .strictObject({
    from: lineSourceField.describe('Something begins with such a line'),
    to: lineSourceField.describe('It ends with such a line'),
    same: z.string().min(1).describe('The field that tells which one begins or ends: an id that both lines have'),
    peak: numberMatcherField(z.number().int().min(0)).describe(
      'The most that are under way at once, counted at every line: a number, or a map of matchers',
    ),
    by: timeFieldName,
  })
  .describe('Counts things that have begun and not yet ended, such as jobs or requests');

const IDS_SHOWN = 8;

interface Mark extends TimedLine {
  begins: boolean;
}

/** Throws UntimedLine. */
export function judgeUnderWay(
  input: UnderWayInput,
  own: string,
  all: LinesByService,
  { fromMs, dropped }: { fromMs: number; dropped: number },
): Finding {
  const expected = describeUnderWay(input, own);
  const { same, peak } = input;
  const open = new Map<unknown, LogLine>();
  let began = 0;
  let most = { count: 0, atMs: fromMs, ids: [] as unknown[] };
  for (const { line, atMs, begins } of marksOf(input, own, all)) {
    const id = fieldOfLine(line, same);
    if (id === undefined) {
      return {
        verdict: 'inconclusive',
        expected,
        seen: `the line at ${sinceStart(line.atMs, fromMs)} has no \`${same}\`: ${showLine(line)}`,
      };
    }
    if (!begins) {
      open.delete(id);
      continue;
    }
    began += 1;
    open.set(id, line);
    if (open.size > most.count) most = { count: open.size, atMs, ids: [...open.keys()] };
    if (outlookWhenGrowing(peak, open.size) === 'hopeless') break;
  }
  const ids = most.ids.slice(0, IDS_SHOWN).map((id) => showValue(id));
  const which = most.ids.length > IDS_SHOWN ? `${ids.join(', ')}, …` : ids.join(', ');
  const at = `${most.count} at once, at ${sinceStart(most.atMs, fromMs)} (${which})`;
  if (outlookWhenGrowing(peak, most.count) === 'hopeless') {
    const hopeless = 'they were under way at once, whatever comes';
    return { verdict: 'failed', expected, seen: `saw ${at}`, atMs: most.atMs, hopeless };
  }
  if (dropped > 0) {
    return {
      verdict: 'inconclusive',
      expected,
      seen: `${counted(dropped, 'line')} had to be dropped: more may have been under way`,
    };
  }
  if (began === 0) return { verdict: 'inconclusive', expected, seen: 'nothing began: no line fits `from`' };
  const left = open.size === 0 ? 'none of them still under way' : `${open.size} of them still under way`;
  return {
    verdict: numberHolds(peak, most.count) ? 'passed' : 'failed',
    expected,
    seen: `saw ${at}; ${counted(began, 'beginning')}, ${left}`,
    atMs: most.atMs,
  };
}

/** In order of time; lines of one service at the same instant in the order they were written. */
function marksOf({ from, to, by }: UnderWayInput, own: string, all: LinesByService): Mark[] {
  const marks = [...all].flatMap(([service, lines]) => {
    const isHere = ({ of }: LineSource) => (of ?? own) === service;
    const begins = (line: LogLine) => isHere(from) && lineHolds(line, from.where);
    const fitting = lines.filter((line) => begins(line) || (isHere(to) && lineHolds(line, to.where)));
    return timed(fitting, by).map((mark) => ({ ...mark, begins: begins(mark.line) }));
  });
  return marks.sort((a, b) => a.atMs - b.atMs);
}

export function describeUnderWay({ from, to, peak }: UnderWayInput, own: string): string {
  return `${describeNumberMatcher(peak)} under way at once, from ${describeSource(from, own)} to ${describeSource(to, own)}`;
}
