// What a metric check says when the samples do not tell: nothing read, no such series, no sample from before.

import { formatSelector, nearestNames } from '../../model/metrics/index.ts';
import type { Scrape, ServiceState } from '../../model/ports.ts';
import type { Judgement } from '../../model/verdict.ts';
import { cannotTell, counted, sinceStart } from '../words.ts';
import { describeDemand, type MetricInput } from './demand.ts';

export interface MetricObservation {
  /** From when on every sample must hold; default `fromMs`. */
  heldSinceMs?: number;
  fromMs: number;
  /** Oldest first; the first is the baseline when it was taken at or before `fromMs`. */
  scrapes: Scrape[];
  /** Why the service could not be scraped just now. */
  problem?: { message: string; hint?: string };
  /** State of the service at that moment. */
  state?: ServiceState;
}

export function promise(input: MetricInput): string {
  return `${formatSelector(input.metric)} of ${input.of}: ${describeDemand(input)}`;
}

export function nothingToLookAt({ scrapes, problem }: MetricObservation, input: MetricInput): Judgement | undefined {
  if (scrapes.length > 0) return undefined;
  return cannotTell(
    promise(input),
    `no metrics of ${input.of} could be read${problem ? `: ${problem.message}` : ' in that time'}`,
    problem?.hint,
  );
}

/** What has changed since the case began is only known when there is a sample from before. */
export function hasBaseline({ scrapes, fromMs }: MetricObservation): boolean {
  const first = scrapes[0];
  return first !== undefined && first.atMs <= fromMs;
}

export function noBaseline(expected: string, { scrapes, fromMs }: MetricObservation, input: MetricInput): Judgement {
  const first = scrapes[0] as Scrape;
  return cannotTell(
    expected,
    `the metrics of ${input.of} were first read at ${sinceStart(first.atMs, fromMs)}: where they stood at the start is not known`,
  );
}

export function missing(seen: MetricObservation, input: MetricInput): Judgement {
  const nearest = nearestSeries(seen, input);
  const near = nearest.length > 0 ? `; the nearest: ${nearest.join(', ')}` : '';
  let hint: string | undefined;
  const isHistogram = seen.scrapes.at(-1)?.points.some(({ name }) => name === `${input.metric.name}_bucket`);
  if (input.quantile === undefined && isHistogram) {
    hint = `${input.metric.name} is a histogram: give a \`quantile\`, or look at its _count or _sum`;
  } else if (input.quantile === undefined) {
    hint = 'a series that appears only when it is first counted may be taken for 0 with `or: 0`';
  }
  return cannotTell(promise(input), `${missingSeries(seen, input)}${near}`, hint);
}

function missingSeries({ scrapes }: MetricObservation, input: MetricInput): string {
  const what = input.quantile === undefined ? 'series' : 'histogram';
  return `${input.of} has no ${what} ${formatSelector(input.metric)} in ${counted(scrapes.length, 'sample')}`;
}

function nearestSeries({ scrapes }: MetricObservation, input: MetricInput): string[] {
  const scrape = scrapes.at(-1);
  if (input.quantile === undefined || !scrape) return nearestNames(scrape, input.metric);
  const histograms = scrape.points
    .filter(({ name }) => name.endsWith('_bucket'))
    .map((point) => ({ ...point, name: point.name.slice(0, -'_bucket'.length) }));
  return nearestNames({ ...scrape, points: histograms }, { ...input.metric, labels: [] });
}
