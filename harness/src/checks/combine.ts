// One check may demand several things of one subject: their findings, made into one judgement.

import { type Judgement, type MeasuredFigure, type Verdict, worseVerdict } from '../model/verdict.ts';

/** What came of one demand. */
export interface Finding {
  verdict: Verdict;
  /** What was demanded, without the subject. */
  expected: string;
  seen: string;
  atMs?: number | undefined;
  hopeless?: string | undefined;
  hint?: string | undefined;
  figure?: MeasuredFigure | undefined;
}

/**
 * The worst of the findings decides. The sentences speak of what did not hold (of those with the deciding verdict), or of
 * everything when all held. No finding at all is inconclusive: nothing was demanded that could have been broken.
 */
export function combine(subject: string, findings: Finding[]): Judgement {
  if (findings.length === 0) return { verdict: 'inconclusive', expected: subject, seen: 'nothing was demanded of it' };
  const verdict = findings.map((finding) => finding.verdict).reduce(worseVerdict);
  const deciding = findings.filter((finding) => finding.verdict === verdict);
  const first = (key: 'atMs' | 'hopeless' | 'hint') => deciding.find((finding) => finding[key] !== undefined)?.[key];
  const figures = findings.flatMap(({ figure }) => figure ?? []);
  return {
    verdict,
    expected: `${subject}: ${deciding.map(({ expected }) => expected).join('; ')}`,
    seen: deciding.map(({ seen }) => seen).join('; '),
    ...present({
      atMs: first('atMs') as number | undefined,
      hopeless: first('hopeless') as string | undefined,
      hint: first('hint') as string | undefined,
      figures: figures.length > 0 ? figures : undefined,
    }),
  };
}

/** Without the keys that have no value. */
function present<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as T;
}
