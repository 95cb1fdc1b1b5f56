// Picks the figures for the summary table out of judged checks.

import type { Figure } from '../model/results.ts';
import type { TimelineEvent } from '../model/timeline.ts';

/** A check may give its figures itself; else what was promised and seen is one. */
export function figuresFrom(event: Extract<TimelineEvent, { type: 'check' }>): Figure[] {
  const { judgement, title } = event;
  if (judgement.figures) return judgement.figures;
  const subject = title.split(':')[0] ?? title;
  return [{ name: subject, value: judgement.seen, promised: judgement.expected, verdict: judgement.verdict }];
}
