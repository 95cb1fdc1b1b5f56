import { expect, it } from 'vitest';
import { formatSeries } from '../model/metrics/index.ts';
import { createMetricsParser, parseMetrics } from './parse-metrics.ts';

const read = (text: string) => parseMetrics(text).map((point) => [formatSeries(point), point.type, point.value]);

it('flattens every kind of family, each point with its family’s type', () => {
  const text = `# HELP jobs_total Jobs \\n done
# TYPE jobs_total counter
jobs_total{status="ok"} 3
jobs_total{status="bad"} 0

# TYPE inflight gauge
inflight 2 1700000000000
# TYPE rtt_ms histogram
rtt_ms_bucket{le="10"} 1
rtt_ms_bucket{le="+Inf"} 4
rtt_ms_sum 123.5
rtt_ms_count 4
# TYPE lag summary
lag{quantile="0.5"} 7
lag_sum 70
lag_count 10
plain 1
`;
  expect(read(text)).toEqual([
    ['jobs_total{status="ok"}', 'counter', 3],
    ['jobs_total{status="bad"}', 'counter', 0],
    ['inflight', 'gauge', 2],
    ['rtt_ms_bucket{le="10"}', 'histogram', 1],
    ['rtt_ms_bucket{le="+Inf"}', 'histogram', 4],
    ['rtt_ms_sum', 'histogram', 123.5],
    ['rtt_ms_count', 'histogram', 4],
    ['lag{quantile="0.5"}', 'summary', 7],
    ['lag_sum', 'summary', 70],
    ['lag_count', 'summary', 10],
    ['plain', 'untyped', 1],
  ]);
});

it('keeps the series of a labelled histogram apart', () => {
  const text = `# TYPE h histogram
h_bucket{w="a",le="1"} 1
h_bucket{w="a",le="+Inf"} 2
h_sum{w="a"} 3
h_count{w="a"} 2
h_bucket{w="b",le="1"} 10
h_bucket{w="b",le="+Inf"} 20
h_sum{w="b"} 30
h_count{w="b"} 20
`;
  expect(read(text).map(([, , value]) => value)).toEqual([1, 2, 3, 2, 10, 20, 30, 20]);
});

it('knows the escapes of label values and the values that are no ordinary numbers', () => {
  const text = 'm{a="q\\"b\\\\c\\nd",b="}{ ,="} +Inf\nn NaN\no -Inf\np 1e-3\nq -0\n';
  expect(parseMetrics(text)).toEqual([
    { name: 'm', labels: { a: 'q"b\\c\nd', b: '}{ ,=' }, type: 'untyped', value: Number.POSITIVE_INFINITY },
    { name: 'n', labels: {}, type: 'untyped', value: Number.NaN },
    { name: 'o', labels: {}, type: 'untyped', value: Number.NEGATIVE_INFINITY },
    { name: 'p', labels: {}, type: 'untyped', value: 0.001 },
    { name: 'q', labels: {}, type: 'untyped', value: -0 },
  ]);
});

it('does not lose the last line of a text that has no line end, nor mind CRLF and comments', () => {
  expect(read('a 1\r\n#comment\n# EOF\r\nb 2')).toEqual([
    ['a', 'untyped', 1],
    ['b', 'untyped', 2],
  ]);
  expect(read('')).toEqual([]);
});

it('gives OpenMetrics counters their type', () => {
  expect(read('# TYPE jobs counter\njobs_total 1\n')).toEqual([['jobs_total', 'counter', 1]]);
});

it('does not give a series the type of a family that has no such series', () => {
  expect(read('# TYPE queue gauge\nqueue_sum 1\n')).toEqual([['queue_sum', 'untyped', 1]]);
});

it.each(['<html><body>no</body></html>', 'm{a=1} 2', 'm', 'm one'])('refuses %j', (text) => {
  expect(() => parseMetrics(text)).toThrow();
});

it('parses again only what changed, to the same points as from the whole', () => {
  const parse = createMetricsParser();
  const text = (sent: string, more = '') =>
    `# TYPE sent counter\nsent{to="a"} ${sent}\nsent{to="b"} 7\n# TYPE lag gauge\nlag 2${more}\n`;
  const first = parse(text('1'));
  const second = parse(text('5'));
  expect(second).toEqual(parseMetrics(text('5')));
  expect(first.map(({ value }) => value)).toEqual([1, 7, 2]);
  expect(second[1]).toBe(first[1]);
  expect(parse(text('5'))).toEqual(second);
  // Another series, another type, another order, fewer, more, none: each as if it were the first.
  for (const other of [
    text('5').replace('to="a"', 'to="c"'),
    text('5').replace('counter', 'gauge'),
    'lag 2\nsent 1\nlag{x="1"} 3\n',
    'lag 3\nsent 1\nlag{x="1"} 4\n',
    text('9', '\nmore 1'),
    '',
    text('1'),
  ])
    expect(parse(other)).toEqual(parseMetrics(other));
  expect(() => parse(text('x'))).toThrow('sent has the value');
  expect(parse(text('2'))).toEqual(parseMetrics(text('2')));
});
