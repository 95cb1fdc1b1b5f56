// The chart of a recording's A/V offset: sound against picture as seen and heard, with the published limits and the one that was asked for.

import { SYNC_LIMITS } from '../../../src/model/sync-limits.ts';
import type { CaseMarks, RecordingMark } from '../../../src/report/html/page-data.ts';
import { offsetLimits } from '../../../src/report/html/story-graph.ts';
import { streamToAxisMs } from '../../../src/report/html/stream-moment.ts';
import { lowerBound } from '../data/log-lines.ts';
import type { ChartLimit, ChartLine } from './chart-strip.tsx';

export interface OffsetChart {
  id: string;
  label: string;
  lines: ChartLine[];
  limits: ChartLimit[];
  columns(fromMs: number, toMs: number): (number | null)[][];
  read(atMs: number): string;
}

export function offsetChart(recording: RecordingMark, { checks }: CaseMarks): OffsetChart | undefined {
  const events = recording.measurements?.['content-sync']?.events ?? [];
  const points = events
    .flatMap(({ atMs, offsetMs }) => {
      const onAxis = streamToAxisMs(recording, atMs);
      return onAxis === undefined ? [] : [{ atMs: onAxis, offsetMs }];
    })
    .sort((a, b) => a.atMs - b.atMs);
  if (points.length === 0) return undefined;
  const times = points.map(({ atMs }) => atMs);
  return {
    id: `offset-${recording.name}`,
    label: `${recording.name}: A/V offset, ms`,
    lines: [{ label: 'sound against picture', kind: 'points' }],
    limits: limitsOf(checks),
    columns(fromMs, toMs) {
      const seen = points.slice(Math.max(0, lowerBound(times, fromMs) - 1), lowerBound(times, toMs) + 1);
      return [seen.map(({ atMs }) => atMs), seen.map(({ offsetMs }) => offsetMs)];
    },
    read(atMs) {
      const next = lowerBound(times, atMs);
      const nearest = [points[next - 1], points[next]]
        .filter((each) => each !== undefined)
        .sort((a, b) => Math.abs(a.atMs - atMs) - Math.abs(b.atMs - atMs))[0];
      if (!nearest || Math.abs(nearest.atMs - atMs) > 1_500) return '';
      const { offsetMs } = nearest;
      return `${offsetMs >= 0 ? '+' : '−'}${Math.abs(offsetMs).toFixed(1)} ms, sound ${offsetMs >= 0 ? 'late' : 'early'}`;
    },
  };
}

function limitsOf(checks: CaseMarks['checks']): ChartLimit[] {
  const limits: ChartLimit[] = [];
  for (const [name, { leadMs, lagMs }] of Object.entries(SYNC_LIMITS).slice(0, 2)) {
    limits.push(
      { value: lagMs, name: `${name} +${lagMs}`, isAsked: false },
      { value: -leadMs, name: `${name} −${leadMs}`, isAsked: false },
    );
  }
  for (const { expected } of checks) {
    for (const { value } of offsetLimits(expected)) {
      const known = limits.find((each) => each.value === value);
      if (known) Object.assign(known, { isAsked: true, name: `${known.name.replace(', asked', '')}, asked` });
      else limits.push({ value, name: `asked ${value > 0 ? '+' : '−'}${Math.abs(value)}`, isAsked: true });
    }
  }
  return limits;
}
