// A row of bars that shows how a value went.

/** Samples that a row keeps: older ones go. */
export const SPARK_SAMPLES = 24;

/** One bar a value, the lowest value the lowest bar. Nothing for fewer than two values: a point has no course. */
export function sparkline(values: readonly number[], bars: string): string {
  if (values.length < 2) return '';
  const signs = [...bars];
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  return values
    .map((value) => signs[span === 0 ? 0 : Math.round(((value - low) / span) * (signs.length - 1))] ?? '')
    .join('');
}
