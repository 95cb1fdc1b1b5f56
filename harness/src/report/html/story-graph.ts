// The one picture that shows a broken promise: the metric, the offset or the defects that it is about, over the case, with the bound.

import { formatDurationMs } from '../../base/duration.ts';
import type { TimelineCollector } from './collect-timeline.ts';
import { logSentence } from './log-level.ts';
import { metricBound } from './metric-bound.ts';
import type { CaseMarks, CheckMark, StoryGraph } from './page-data.ts';
import { defectsOf } from './recording-defects.ts';
import { streamToAxisMs } from './stream-moment.ts';

/** A picture this wide shows no more. */
const MOST_POINTS = 240;
const MOST_MARKS = 60;
const MOST_LINES = 12;
const LONGEST_TITLE = 80;

export function storyGraph(check: CheckMark, marks: CaseMarks, timeline: TimelineCollector): StoryGraph | undefined {
  return (
    metricGraph(check, marks, timeline) ??
    offsetGraph(check, marks) ??
    defectGraph(check, marks) ??
    linesGraph(check, marks, timeline)
  );
}

const spanOf = (marks: CaseMarks) => {
  const zeroMs = marks.steps[0]?.fromMs ?? marks.fromMs;
  return { zeroMs, fromMs: zeroMs, toMs: marks.toMs };
};

function metricGraph(check: CheckMark, marks: CaseMarks, timeline: TimelineCollector): StoryGraph | undefined {
  const [, metric, service] = /^metric ([A-Za-z_:][\w:]*(?:\{[^}]*\})?) of ([\w.-]+)/.exec(check.title) ?? [];
  const points = metric === undefined ? undefined : timeline.series.get(service ?? '')?.pointsOf(metric);
  const { zeroMs, fromMs, toMs } = spanOf(marks);
  const before = points?.findLast(([atMs]) => atMs < fromMs);
  const seen = points?.filter(([atMs]) => atMs >= fromMs && atMs <= toMs) ?? [];
  if (before) seen.unshift([fromMs, before[1]]);
  if (seen.length === 0 || metric === undefined) return undefined;
  const bound = metricBound(check);
  return {
    kind: 'steps',
    label: metric,
    ...relative(fromMs, toMs, zeroMs),
    points: thin(seen).map(([atMs, value]) => [atMs - zeroMs, value]),
    limits: bound ? [bound] : [],
  };
}

function offsetGraph(check: CheckMark, marks: CaseMarks): StoryGraph | undefined {
  const recording = recordingOf(check, marks);
  const events = recording?.measurements?.['content-sync']?.events ?? [];
  if (!recording || !/sound against picture|drift/.test(check.expected) || events.length === 0) return undefined;
  const { zeroMs, fromMs, toMs } = spanOf(marks);
  const points = events.flatMap(({ atMs, offsetMs }): [number, number][] => {
    const onAxis = streamToAxisMs(recording, atMs);
    return onAxis === undefined ? [] : [[onAxis - zeroMs, offsetMs]];
  });
  if (points.length === 0) return undefined;
  const limits = offsetLimits(check.expected);
  return {
    kind: 'points',
    label: 'sound against picture, ms',
    ...relative(fromMs, toMs, zeroMs),
    points: thin(points),
    limits,
  };
}

/** Lead and lag that the words of a check ask for, as values of the offset. */
export function offsetLimits(expected: string): { value: number; name: string }[] {
  const both = /within .*?(\d+(?:\.\d+)?) ?ms early to (\d+(?:\.\d+)?) ?ms late/.exec(expected);
  const one = /within ±(\d+(?:\.\d+)?) ?ms/.exec(expected);
  const [lead, lag] = both ? [Number(both[1]), Number(both[2])] : one ? [Number(one[1]), Number(one[1])] : [];
  if (lead === undefined || lag === undefined) return [];
  return [
    { value: lag, name: `at most ${lag} late` },
    { value: -lead, name: `at most ${lead} early` },
  ];
}

function defectGraph(check: CheckMark, marks: CaseMarks): StoryGraph | undefined {
  const recording = recordingOf(check, marks);
  const defects = recording ? defectsOf(recording) : [];
  if (!recording || defects.length === 0) return undefined;
  const { zeroMs, fromMs, toMs } = spanOf(marks);
  return {
    kind: 'marks',
    label: `defects of ${recording.name}`,
    ...relative(fromMs, toMs, zeroMs),
    points: [],
    limits: [],
    marks: defects.slice(0, MOST_MARKS).map((each) => ({
      fromMs: Math.round(each.fromMs - zeroMs),
      toMs: Math.round(each.toMs - zeroMs),
      title: each.title,
    })),
  };
}

/** Lines that a check of logs took into account: it is mostly their times that it is about. */
function linesGraph(
  { title, detail }: CheckMark,
  marks: CaseMarks,
  { originAtMs }: TimelineCollector,
): StoryGraph | undefined {
  const [, service] = /^log of ([\w.-]+)/.exec(title) ?? [];
  const lines = linesOf(detail);
  if (service === undefined || lines.length === 0) return undefined;
  const { zeroMs, fromMs, toMs } = spanOf(marks);
  const onAxis = lines
    .slice(0, MOST_LINES)
    .map(({ atMs, text }) => ({ ms: Math.round(atMs - originAtMs - zeroMs), text }));
  return {
    kind: 'marks',
    label: `lines of ${service} that it is about`,
    ...relative(fromMs, toMs, zeroMs),
    points: [],
    limits: [],
    marks: onAxis.map(({ ms, text }, index) => {
      const before = onAxis[index - 1];
      const since = before ? { since: formatDurationMs(Math.round((ms - before.ms) / 10) * 10) } : {};
      return { fromMs: ms, toMs: ms, title: logSentence(text, true).slice(0, LONGEST_TITLE), ...since };
    }),
  };
}

function linesOf(detail: string | undefined): { atMs: number; text: string }[] {
  try {
    const { first } = JSON.parse(detail ?? '{}') as { first?: unknown };
    const isLine = (each: unknown): each is { atMs: number; text: string } =>
      typeof each === 'object' && each !== null && 'atMs' in each && 'text' in each && typeof each.atMs === 'number';
    return Array.isArray(first) ? first.filter(isLine) : [];
  } catch {
    return []; // it was cut
  }
}

function recordingOf({ title }: CheckMark, { recordings }: CaseMarks) {
  const name = /^recording (\S+?):?(?:\s|$)/.exec(title)?.[1];
  return recordings.find((each) => each.name === name);
}

const relative = (fromMs: number, toMs: number, zeroMs: number) => ({ fromMs: fromMs - zeroMs, toMs: toMs - zeroMs });

/** The first, the last, and every n-th between. */
function thin(points: [number, number][]): [number, number][] {
  const step = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, index) => index % step === 0 || index === points.length - 1);
}
