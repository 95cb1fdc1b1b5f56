// Picks the figures for the summary table out of judged checks.

import { formatDurationMs } from '../base/duration.ts';
import type { Figure } from '../model/results.ts';
import type { TimelineEvent } from '../model/timeline.ts';

/** The figures that a check gives itself; else what was seen and what was promised are one. A recovery is a figure of its own. */
export function figuresFrom(event: Extract<TimelineEvent, { type: 'check' | 'recovery' }>): Figure[] {
  if (event.type === 'recovery') return [recoveryFigure(event)];
  const { judgement, title } = event;
  if (judgement.figures)
    return judgement.figures.map((figure) => ({ ...figure, verdict: figure.verdict ?? judgement.verdict }));
  const [subject = title] = title.split(': ');
  return [{ name: subject, value: judgement.seen, promised: judgement.expected, verdict: judgement.verdict }];
}

function recoveryFigure({
  after,
  check,
  recoveryMs,
  promisedMs,
}: Extract<TimelineEvent, { type: 'recovery' }>): Figure {
  const held = promisedMs === undefined || recoveryMs <= promisedMs;
  return {
    name: `recovery after ${after}`,
    value: `${formatDurationMs(Math.round(recoveryMs))} until ${check}`,
    ...(promisedMs === undefined ? {} : { promised: `within ${formatDurationMs(promisedMs)}` }),
    verdict: held ? 'passed' : 'failed',
  };
}
