// Charts of metrics: which series stand in one chart, what bounds its checks asked for.

import { metricBound } from '../../../src/report/html/metric-bound.ts';
import { parseName } from '../../../src/report/html/metric-names.ts';
import type { CaseMarks, MetricsOfService, SeriesHead, TimelineMarks } from '../../../src/report/html/page-data.ts';
import { headsNamed, readSeries, type Series, thinned, valueAt } from '../data/series.ts';
import { shortNumber } from '../shared/words.tsx';
import type { ChartLimit, ChartLine } from './chart-strip.tsx';

export interface MetricChart {
  id: string;
  service: string;
  label: string;
  series: Series[];
  lines: ChartLine[];
  limits: ChartLimit[];
  columns(fromMs: number, toMs: number, pixels: number): (number | null)[][];
  read(atMs: number): string;
  readEach(atMs: number): string[];
}

/** More lines than these in one chart cannot be told apart. */
const MOST_LINES = 6;

/** What a reader can choose: one chart a series. */
export interface Choice {
  id: string;
  service: string;
  metric: string;
}

export function choicesOf(marks: TimelineMarks): Choice[] {
  return marks.metrics.flatMap(({ service, series }) =>
    series.map(({ name }) => ({ id: `${service} ${name}`, service, metric: name })),
  );
}

/** What the case's own steps and checks name, each once. */
export function namedChoices({ named }: CaseMarks): Choice[] {
  return named.map(({ service, metric }) => ({ id: `${service} ${metric}`, service, metric }));
}

export async function makeChart(
  { id, service, metric }: Choice,
  marks: TimelineMarks,
  kase: CaseMarks,
): Promise<MetricChart | undefined> {
  const of = marks.metrics.find((each) => each.service === service);
  const heads = of ? headsFor(of, metric) : [];
  if (!of || heads.length === 0) return undefined;
  const series = await Promise.all(heads.slice(0, MOST_LINES).map((head) => readSeries(service, head)));
  const lines = series.map(({ name }): ChartLine => ({ label: lineLabel(name, metric), kind: 'steps' }));
  const readEach = (atMs: number) =>
    series.map((each) => {
      const value = valueAt(each, atMs);
      return value === undefined ? '–' : shortNumber(value);
    });
  return {
    id,
    service,
    label: metric,
    series,
    lines,
    limits: limitsOf(kase, service, metric),
    columns: (fromMs, toMs, pixels) => thinned(series, fromMs, toMs, pixels),
    read: (atMs) =>
      readEach(atMs)
        .map((text, index) => (series.length > 1 ? `${lines[index]?.label} ${text}` : text))
        .join(' · '),
    readEach,
  };
}

function headsFor(of: MetricsOfService, metric: string): SeriesHead[] {
  const exact = of.series.filter(({ name }) => name === metric);
  return exact.length > 0 ? exact : headsNamed(of, metric);
}

/** What tells a series from the others of its chart. */
function lineLabel(name: string, written: string): string {
  const { base, labels } = parseName(name);
  const asked = parseName(written);
  const fixed = new Set(asked.labels.flatMap(({ label, how }) => (how === '=' ? [label] : [])));
  const own = labels.filter(({ label }) => !fixed.has(label)).map(({ value }) => value);
  if (base !== asked.base) own.unshift(base.slice(asked.base.length + 1));
  return own.join(' ') || base;
}

/** Bounds that checks state as values. */
function limitsOf({ checks }: CaseMarks, service: string, metric: string): ChartLimit[] {
  const found = new Map<string, ChartLimit>();
  for (const check of checks) {
    if (!check.title.startsWith(`metric ${metric} of ${service}`)) continue;
    const bound = metricBound(check);
    if (bound) found.set(bound.name, { ...bound, isAsked: true });
  }
  return [...found.values()].slice(0, 3);
}
