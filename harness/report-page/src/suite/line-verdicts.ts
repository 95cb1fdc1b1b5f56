// What each line of a suite came to: the worst of the steps, checks and cases that stand on it.

import type { CaseMarks } from '../../../src/report/html/page-data.ts';
import type { AnyVerdict } from '../shared/words.tsx';

export interface LineVerdict {
  verdict: AnyVerdict;
  note: string;
  case: string;
  atMs: number;
}

const GRAVITY: AnyVerdict[] = ['skipped', 'passed', 'unfinished', 'inconclusive', 'failed'];

/** By line, from 1. */
export function lineVerdicts(cases: readonly CaseMarks[], file: string): Map<number, LineVerdict> {
  const found = new Map<number, LineVerdict>();
  const note = (line: number, next: LineVerdict) => {
    const known = found.get(line);
    if (!known || GRAVITY.indexOf(next.verdict) > GRAVITY.indexOf(known.verdict)) found.set(line, next);
  };
  for (const each of cases) {
    if (each.file === file)
      note(each.line, { verdict: each.verdict, note: each.title, case: each.case, atMs: each.fromMs });
    for (const step of each.steps) {
      if (step.file !== file) continue;
      note(step.line, { verdict: step.verdict, note: step.title, case: each.case, atMs: step.fromMs });
    }
    for (const check of each.checks) {
      if (check.file !== file) continue;
      note(check.line, {
        verdict: check.verdict,
        note: `${check.expected}: ${check.seen}`,
        case: each.case,
        atMs: check.atMs,
      });
    }
  }
  return found;
}
