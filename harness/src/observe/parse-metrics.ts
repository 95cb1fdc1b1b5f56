// Prometheus text into flat points. The package does the lexing; families are put together here, because it merges the
// series of a labelled histogram into one and forgets a last line that has no line end.

import parseSamples from 'parse-prometheus-text-format';
import type { MetricPoint } from '../model/ports.ts';
import { isSameSeries } from './scrape-history.ts';

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

interface Parsed {
  lines: string[];
  points: MetricPoint[];
  /** For each line, which of the points is its; undefined for comments and empty lines. */
  pointOf: (number | undefined)[];
}

/**
 * `parseMetrics` for one address that is asked again and again: only lines that changed are parsed, and the points of the others are the same
 * objects as before.
 */
export function createMetricsParser(): (text: string) => MetricPoint[] {
  let last: Parsed | undefined;
  return (text) => {
    const lines = text.split('\n');
    const quick = last && reparsed(last, lines);
    const points = quick?.points ?? parseMetrics(text);
    last = quick ?? linedUp(lines, points);
    return points;
  };
}

/** Undefined when more than values changed. */
function reparsed({ lines: before, points, pointOf }: Parsed, lines: string[]): Parsed | undefined {
  if (lines.length !== before.length) return undefined;
  const changed = lines.flatMap((line, index) => (line === before[index] ? [] : [index]));
  if (changed.some((index) => pointOf[index] === undefined)) return undefined;
  const fresh = parseMetrics(changed.map((index) => lines[index]).join('\n'));
  if (fresh.length !== changed.length) return undefined;
  const next = [...points];
  for (const [nth, index] of changed.entries()) {
    const [place, point] = [pointOf[index] ?? -1, fresh[nth]];
    const earlier = points[place];
    if (earlier === undefined || point === undefined || !isSameSeries(earlier, point)) return undefined;
    next[place] = { ...point, type: earlier.type };
  }
  return { lines, points: next, pointOf };
}

/** Which line gave which point; undefined where points are not in the order of the lines (the format asks for it, not everybody obeys). */
function linedUp(lines: string[], points: MetricPoint[]): Parsed | undefined {
  let next = 0;
  const pointOf = lines.map((line) => {
    const text = line.trim();
    return text === '' || text.startsWith('#') ? undefined : next++;
  });
  const isInOrder = pointOf.every(
    (place, index) => place === undefined || lines[index]?.trim().startsWith(points[place]?.name ?? '\n'),
  );
  return isInOrder && next === points.length ? { lines, points, pointOf } : undefined;
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
