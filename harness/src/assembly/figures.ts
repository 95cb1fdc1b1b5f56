// Picks the figures for the summary table out of judged checks.

import type { Figure } from '../model/results.ts';
import type { TimelineEvent } from '../model/timeline.ts';

/** The figures that a check gives itself; else what was seen and what was promised are one. */
export function figuresFrom({ judgement, title }: Extract<TimelineEvent, { type: 'check' }>): Figure[] {
  if (judgement.figures)
    return judgement.figures.map((figure) => ({ ...figure, verdict: figure.verdict ?? judgement.verdict }));
  const [subject = title] = title.split(': ');
  return [{ name: subject, value: judgement.seen, promised: judgement.expected, verdict: judgement.verdict }];
}
