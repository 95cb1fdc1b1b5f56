// Prometheus text into flat points. The package does the lexing; families are put together here, because it merges the
// series of a labelled histogram into one and forgets a last line that has no line end.

import parseSamples from 'parse-prometheus-text-format';
import type { MetricPoint } from '../model/ports.ts';

const TYPE_LINE = /^# TYPE (\S+) (\S+)\s*$/;
const TYPES = new Set<string>(['counter', 'gauge', 'histogram', 'summary']);
/** Endings of the series of one family, with the types of family that have them (OpenMetrics' `_total` included). */
const SUFFIXES: [string, string[]][] = [
  ['_bucket', ['histogram']],
  ['_sum', ['histogram', 'summary']],
  ['_count', ['histogram', 'summary']],
  ['_total', ['counter']],
];

/** One point a series; a histogram gives `_bucket{le}`, `_sum` and `_count` series. Throws on a line that is no sample. */
export function parseMetrics(text: string): MetricPoint[] {
  const types = new Map<string, MetricPoint['type']>();
  const samples: string[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '') continue;
    if (!line.startsWith('#')) {
      samples.push(line);
      continue;
    }
    const [, name, type] = TYPE_LINE.exec(line) ?? [];
    if (name !== undefined && type !== undefined && TYPES.has(type)) types.set(name, type as MetricPoint['type']);
  }
  // Without TYPE lines the package keeps every series apart, which is what is wanted.
  const families = samples.length === 0 ? [] : parseSamples(`${samples.join('\n')}\n`);
  return families.flatMap(({ name, metrics }) => {
    const type = typeOf(name, types);
    return metrics.map(({ value, labels }) => ({ name, labels: labels ?? {}, type, value: parseValue(value, name) }));
  });
}

function typeOf(name: string, types: ReadonlyMap<string, MetricPoint['type']>): MetricPoint['type'] {
  const own = types.get(name);
  if (own !== undefined) return own;
  for (const [suffix, among] of SUFFIXES) {
    const family = name.endsWith(suffix) ? types.get(name.slice(0, -suffix.length)) : undefined;
    if (family !== undefined && among.includes(family)) return family;
  }
  return 'untyped';
}

function parseValue(text: string | undefined, name: string): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value) && text !== 'NaN')
    throw new Error(`${name} has the value ${JSON.stringify(text ?? '')}, which is no number`);
  return value;
}
