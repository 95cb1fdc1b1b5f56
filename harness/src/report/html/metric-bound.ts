// The bound that a check of a metric states, as a value of the metric, where it is one.

import type { CheckMark } from './page-data.ts';

export interface Bound {
  value: number;
  /** `at most 3`. */
  name: string;
}

/** `increases by` is counted from where the counter was; a check of a rate or a quantile has no bound that could be drawn. */
export function metricBound({ expected, detail }: CheckMark): Bound | undefined {
  const words = expected.slice(expected.lastIndexOf(': ') + 2);
  const [, increase, how, number] =
    /^(increases by )?(exactly|at most|at least|below|above) (-?[\d.]+)$/.exec(words) ?? [];
  if (how === undefined) return undefined;
  const from = increase === undefined ? 0 : fromOf(detail);
  if (from === undefined) return undefined;
  const value = from + Number(number);
  return { value, name: `${how} ${value}` };
}

function fromOf(detail: string | undefined): number | undefined {
  const from = /"from":(-?[\d.e+]+)/.exec(detail ?? '')?.[1];
  return from === undefined ? undefined : Number(from);
}
