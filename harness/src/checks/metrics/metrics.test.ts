import { describe, expect, it } from 'vitest';
import { TestcardError } from '../../model/errors.ts';
import type { CheckPorts, MetricPoint, Scrape, ServiceStatus } from '../../model/ports.ts';
import type { Judgement } from '../../model/verdict.ts';
import { readExposition } from './exposition.ts';
import { problemsOf } from './family-rules.ts';
import { type MetricsObservation, metricsCheck } from './metrics.ts';

const FROM = 1_700_000_000_000;

const GOOD = `# A comment, and an empty line, say nothing.

# HELP jobs_total Jobs, by how they ended: \\\\ and \\n are escapes.
# TYPE jobs_total counter
jobs_total{status="done"} 3
jobs_total{status="failed",} 0 1700000000000
# TYPE queue_length gauge
# HELP queue_length How many wait.
queue_length{} -2.5e3
# HELP took_ms How long.
# TYPE took_ms histogram
took_ms_bucket{le="5",kind="a"} 1
took_ms_bucket{le="10.0",kind="a"} 3
took_ms_bucket{le="+Inf",kind="a"} 4
took_ms_sum{kind="a"} 31
took_ms_count{kind="a"} 4
# TYPE size summary
size{quantile="0.5"} NaN
size_sum 0
size_count 0
bare{text="a \\"quoted\\" } \\\\ , \\n brace"} +Inf
`;

const problems = (text: string) => problemsOf(readExposition(text)).map(({ line, message }) => `${line}: ${message}`);

describe('the text format', () => {
  it('finds nothing wrong with text that uses all of it', () => {
    expect(problems(GOOD)).toEqual([]);
    const { families } = readExposition(GOOD);
    expect([...families.keys()]).toEqual(['jobs_total', 'queue_length', 'took_ms', 'size', 'bare']);
    expect(families.get('bare')?.samples[0]?.labels).toEqual({ text: 'a "quoted" } \\ , \n brace' });
    expect(families.get('took_ms')?.samples).toHaveLength(5);
  });

  it.each<[why: string, text: string, problem: string | RegExp]>([
    ['nothing at all', '', '1: the text is empty'],
    ['a last line without its end', 'a 1\nb 2', '2: the last line does not end with a line feed'],
    ['Windows line ends', 'a 1\r\n', /1: a carriage return/],
    ['a page that is no metrics', '<html>\n', /1: no metric name at the start of "<html>"/],
    ['a name that begins with a digit', '1a 1\n', /no metric name/],
    ['a dash in a name', 'a-b 1\n', /the value of a is "-b"/],
    ['no value', 'a\n', /the value of a is ""/],
    ['a value that is no number', 'a 1,5\n', /the value of a is "1,5"/],
    ['a timestamp with a fraction', 'a 1 1.5\n', /timestamp of a is "1.5"/],
    ['something behind the timestamp', 'a 1 2 3\n', /"3" after the timestamp/],
    ['a label without quotes', 'a{b=c} 1\n', /labels of a cannot be read from "b=c} 1"/],
    ['a label that does not end', 'a{b="c} 1\n', /cannot be read/],
    ['labels without a comma', 'a{b="c"d="e"} 1\n', /a comma is missing/],
    ['a label with a dash', 'a{b-c="d"} 1\n', /cannot be read/],
    ['an unknown escape in a label', 'a{b="\\q"} 1\n', /the escape \\q in the label b/],
    ['an unknown escape in a help text', '# HELP a It\\ts\na 1\n', /the escape \\t in the help/],
    ['a label twice', 'a{b="c",b="d"} 1\n', /the label b twice/],
    ['a series twice', 'a{b="c",d="e"} 1\na{d="e",b="c"} 2\n', /2: a\{b="c",d="e"\} is there twice, first in line 1/],
    ['an unknown type', '# TYPE a conter\na 1\n', /the type "conter"/],
    ['a type without a metric', '# TYPE\na 1\n', /TYPE without a metric name/],
    ['a second type', '# TYPE a gauge\n# TYPE a gauge\na 1\n', /2: a second TYPE line of a/],
    ['a second help', '# HELP a x\n# HELP a x\na 1\n', /2: a second HELP line of a/],
    ['a type behind its sample', 'a 1\n# TYPE a gauge\n', /2: TYPE of a comes after its first sample/],
    ['a type behind its buckets', 'a_sum 1\n# TYPE a histogram\n', /TYPE of a comes after its sample in line 1/],
    ['lines that are apart', 'a{b="1"} 1\nc 1\na{b="2"} 1\n', /3: the lines of a do not stand together: those of c/],
  ])('finds %s', (_why, text, problem) => {
    expect(problems(text)).toContainEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem));
  });

  const histogram = (...lines: string[]) => `# TYPE h histogram\n${lines.join('\n')}\n`;
  it.each<[why: string, text: string, problem: RegExp]>([
    [
      'buckets out of order',
      histogram(
        'h_bucket{le="9"} 1',
        'h_bucket{le="10"} 1',
        'h_bucket{le="2"} 1',
        'h_bucket{le="+Inf"} 1',
        'h_sum 1',
        'h_count 1',
      ),
      /4: buckets of h out of order: le="2" comes after le="10"/,
    ],
    [
      'a bucket twice',
      histogram('h_bucket{le="1"} 1', 'h_bucket{le="1.0"} 1', 'h_bucket{le="+Inf"} 1', 'h_sum 1', 'h_count 1'),
      /out of order: le="1.0"/,
    ],
    ['no last bucket', histogram('h_bucket{le="1"} 1', 'h_sum 1', 'h_count 1'), /h has no bucket le="\+Inf"/],
    [
      'a count that differs',
      histogram('h_bucket{le="+Inf"} 2', 'h_sum 1', 'h_count 3'),
      /h_count is 3, and the bucket le="\+Inf" is 2/,
    ],
    ['no count', histogram('h_bucket{le="+Inf"} 2', 'h_sum 1'), /h has no h_count/],
    ['no sum', histogram('h_bucket{le="+Inf"} 2', 'h_count 2'), /h has no h_sum/],
    [
      'a bucket without a bound',
      histogram('h_bucket 2', 'h_bucket{le="+Inf"} 2', 'h_sum 1', 'h_count 2'),
      /h_bucket has no upper bound/,
    ],
    ['a value of its own', histogram('h 2'), /h is a histogram: it has h_bucket/],
    [
      'one of two histograms without its count',
      histogram(
        'h_bucket{a="1",le="+Inf"} 2',
        'h_sum{a="1"} 1',
        'h_count{a="1"} 2',
        'h_bucket{a="2",le="+Inf"} 2',
        'h_sum{a="2"} 1',
      ),
      /h\{a="2"\} has no h_count/,
    ],
    [
      'a quantile beyond 1',
      '# TYPE s summary\ns{quantile="95"} 1\ns_sum 1\ns_count 1\n',
      /s\{quantile="95"\} has no `quantile` from 0 to 1/,
    ],
    ['a summary without its count', '# TYPE s summary\ns{quantile="0.5"} 1\ns_sum 1\n', /s has no s_count/],
  ])('finds %s', (_why, text, problem) => {
    expect(problems(text)).toContainEqual(expect.stringMatching(problem));
  });
});

function judge(check: Record<string, unknown>, seen: Partial<MetricsObservation>): Judgement {
  const input = metricsCheck.schema.parse({ metrics: 'worker', ...check });
  return metricsCheck.judge({ fromMs: FROM, scrapes: [], startsAtMs: [], ...seen }, input);
}

const served = (text: string, over = {}): Partial<MetricsObservation> => ({
  exposition: { atMs: FROM, status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', text, ...over },
});

describe('valid', () => {
  const check = { valid: true };
  it('passes a valid text and says how much there is', () => {
    expect(judge(check, served(GOOD))).toMatchObject({ verdict: 'passed', seen: '5 metrics with 12 series' });
  });

  it('fails with the line and what is wrong there, at most three of them', () => {
    const seen = judge(check, served('a\nb\nc\nd\n'));
    expect(seen.verdict).toBe('failed');
    expect(seen.seen).toMatch(/^line 1: the value of a .*; line 2: .*; line 3: .*; and 1 more$/);
  });

  it('fails for another content type, and for an answer that is no success', () => {
    expect(judge(check, served(GOOD, { contentType: 'text/html' })).seen).toMatch(/^Content-Type text\/html instead/);
    expect(judge(check, served(GOOD, { contentType: 'text/plain; version=1.0.0' })).verdict).toBe('failed');
    expect(judge(check, served(GOOD, { contentType: undefined })).seen).toMatch(/^Content-Type missing/);
    expect(judge(check, served(GOOD, { contentType: 'text/plain' })).verdict).toBe('passed');
    expect(judge(check, served(GOOD, { status: 500 })).seen).toMatch(/^HTTP status 500/);
  });

  it('is inconclusive when there is nothing to look at', () => {
    expect(judge(check, served('# nothing\n')).verdict).toBe('inconclusive');
    expect(judge(check, { problem: { message: 'refused' } })).toMatchObject({
      verdict: 'inconclusive',
      seen: 'refused',
    });
    expect(judge(check, {}).seen).toMatch(/time that is over/);
  });
});

describe('families', () => {
  const one = (name: string, demand: unknown) => ({ families: { [name]: demand } });
  it.each([
    one('jobs_total', { type: 'counter', labels: { status: ['done', 'failed'] }, help: true }),
    one('jobs_total', { help: '/how they ended/' }),
    one('queue_length', { type: 'gauge', labels: 'none', help: true }),
    one('took_ms', { type: 'histogram', labels: { kind: 'a' }, help: true }),
    one('size', { type: 'summary', labels: 'none' }),
    one('bare', { type: 'untyped', labels: { text: '/quoted/' } }),
  ])('passes %j', (check) => {
    expect(judge(check, served(GOOD))).toMatchObject({ verdict: 'passed' });
  });

  it.each<[check: Record<string, unknown>, seen: RegExp]>([
    [one('job_total', { type: 'counter' }), /there is no job_total; the nearest is jobs_total/],
    [one('jobs_total', { type: 'gauge' }), /it is a counter/],
    [one('bare', { type: 'gauge' }), /it is without a TYPE line/],
    [one('bare', { help: true }), /it has no help text/],
    [one('jobs_total', { help: '/queue/' }), /its help is "Jobs/],
    [
      one('jobs_total', { labels: { status: ['done'] } }),
      /line 6 has the labels status="failed" instead of status "done"/,
    ],
    [
      one('jobs_total', { labels: { state: ['done', 'failed'] } }),
      /line 5 has the labels status="done" instead of state/,
    ],
    [one('jobs_total', { labels: 'none' }), /instead of no labels/],
    [one('queue_length', { labels: { of: '/./' } }), /line 9 has no labels instead of of/],
    [one('took_ms', { labels: 'none' }), /kind="a" instead of no labels/],
    [one('took_ms', { labels: { kind: 'a', le: '/./' } }), /instead of/],
  ])('fails %j', (check, seen) => {
    expect(judge(check, served(GOOD))).toMatchObject({ verdict: 'failed', seen: expect.stringMatching(seen) });
  });

  it('is inconclusive about labels of which no series is there yet', () => {
    const text = '# TYPE jobs_total counter\n# HELP jobs_total Jobs.\n';
    expect(judge(one('jobs_total', { labels: { status: 'done' } }), served(text)).verdict).toBe('inconclusive');
    expect(judge(one('jobs_total', { type: 'counter', help: true }), served(text)).verdict).toBe('passed');
  });

  it('names every metric that is not as promised', () => {
    const check = {
      families: { jobs_total: { type: 'gauge' }, nothing: { help: true }, queue_length: { type: 'gauge' } },
    };
    const seen = judge(check, served(GOOD));
    expect(seen.seen).toBe('jobs_total: it is a counter; there is no nothing');
    expect(seen.expected).toBe('metrics of worker: jobs_total a gauge; nothing there with a help text');
  });
});

type Values = Record<string, number>;
const typeOf = (name: string): MetricPoint['type'] =>
  name.startsWith('h_') ? 'histogram' : name.endsWith('_total') ? 'counter' : 'gauge';
/** One scrape a second. `h_bucket{le="1"}` is written `h_bucket:1`. */
const over = (...scrapes: Values[]): Scrape[] =>
  scrapes.map((values, index) => ({
    atMs: FROM + index * 1_000,
    points: Object.entries(values).map(([key, value]) => {
      const [name = '', le] = key.split(':');
      return { name, labels: le === undefined ? {} : { le }, type: typeOf(name), value };
    }),
  }));

describe('counters-never-fall', () => {
  const check = { 'counters-never-fall': true };
  it('passes counters that grow or stand, and gauges that fall', () => {
    const scrapes = over({ a_total: 0, b: 9 }, { a_total: 2, b: 3 }, { a_total: 2, b: 0 });
    expect(judge(check, { scrapes })).toMatchObject({
      verdict: 'passed',
      seen: '1 counter in 3 samples, 1 of them moving',
    });
  });

  it.each<[scrapes: Scrape[], seen: RegExp]>([
    [over({ a_total: 5 }, { a_total: 6 }, { a_total: 0 }, { a_total: 7 }), /^at \+2\.0 s a_total fell from 6 to 0$/],
    [over({ a_total: 5, b_total: 1 }, { b_total: 2 }), /a_total, 5 before, is gone/],
    [over({ a_total: 0 }, { a_total: Number.NaN }), /a_total is NaN/],
    [over({ a_total: -1 }, { a_total: 0 }), /a_total is -1/],
    [over({ 'h_bucket:1': 3, h_count: 4 }, { 'h_bucket:1': 2, h_count: 5 }), /h_bucket\{le="1"\} fell from 3 to 2/],
    [over({ h_count: 4 }, { h_count: 3 }), /h_count fell/],
  ])('fails %#', (scrapes, seen) => {
    expect(judge(check, { scrapes })).toMatchObject({ verdict: 'failed', seen: expect.stringMatching(seen) });
  });

  it('lets a service that was started anew begin from zero, between those two samples only', () => {
    const scrapes = over({ a_total: 5 }, { a_total: 0 }, { a_total: 2 }, { a_total: 1 });
    expect(judge(check, { scrapes, startsAtMs: [FROM + 500] }).seen).toBe('at +3.0 s a_total fell from 2 to 1');
    expect(judge(check, { scrapes: scrapes.slice(0, 3), startsAtMs: [FROM + 500] }).verdict).toBe('passed');
    expect(judge(check, { scrapes: scrapes.slice(0, 3), startsAtMs: [FROM + 1_500] }).verdict).toBe('failed');
  });

  it('is inconclusive without counters, without movement, and when the service cannot be seen any more', () => {
    expect(judge(check, { scrapes: over({ b: 1 }, { b: 2 }) }).verdict).toBe('inconclusive');
    expect(judge(check, { scrapes: over({ a_total: 1 }, { a_total: 1 }) }).verdict).toBe('inconclusive');
    const scrapes = over({ a_total: 1 }, { a_total: 2 });
    expect(judge(check, { scrapes, problem: { message: 'timed out' }, state: 'ready' }).verdict).toBe('inconclusive');
    expect(judge(check, { scrapes, problem: { message: 'refused' }, state: 'exited' }).verdict).toBe('passed');
  });
});

describe('histograms-consistent', () => {
  const check = { 'histograms-consistent': true };
  const empty = { 'h_bucket:1': 0, 'h_bucket:2': 0, 'h_bucket:+Inf': 0, h_sum: 0, h_count: 0 };
  const good = { 'h_bucket:1': 1, 'h_bucket:2': 3, 'h_bucket:+Inf': 4, h_sum: 9, h_count: 4 };
  it('passes one that agrees with itself', () => {
    expect(judge(check, { scrapes: over(empty, good) })).toMatchObject({
      verdict: 'passed',
      seen: '1 histogram in 2 samples, 1 of them moving',
    });
  });

  it.each<[change: Values, seen: RegExp]>([
    [{ 'h_bucket:2': 0 }, /^at \+1\.0 s h: the bucket le="2" counts 0, fewer than the 1 of le="1"$/],
    [{ h_count: 5 }, /_count is 5, and the bucket le="\+Inf" is 4/],
    [{ 'h_bucket:1': 0, h_sum: 1 }, /_sum is 1, less than the 5 that its buckets come to at least/],
    [{ 'h_bucket:+Inf': 3, h_count: 3, h_sum: 9 }, /_sum is 9, more than the 5 that its buckets come to at most/],
    [{ 'h_bucket:3': 3 }, /other buckets than before: le 1 2 Infinity, now 1 2 3 Infinity/],
  ])('fails with %j', (change, seen) => {
    const broken = { ...good, ...change };
    expect(judge(check, { scrapes: over(empty, broken, good) })).toMatchObject({
      verdict: 'failed',
      seen: expect.stringMatching(seen),
    });
  });

  it.each([
    ['h_bucket:+Inf', 'h: no bucket le="+Inf"'],
    ['h_sum', 'h: no _sum'],
    ['h_count', 'h: no _count'],
  ])('fails without %s', (key, problem) => {
    const { [key]: _, ...rest } = good as Values;
    const seen = judge(check, { scrapes: over(rest) });
    expect(seen).toMatchObject({ verdict: 'failed', seen: `at +0.0 s ${problem}` });
  });

  it('fails when a bucket is there twice, however its bound is written', () => {
    const twice = { ...good, 'h_bucket:1.0': 1 };
    expect(judge(check, { scrapes: over(twice) }).seen).toMatch(/the bucket le="1" is there twice/);
  });

  it('is inconclusive without a histogram, and when nothing was observed', () => {
    expect(judge(check, { scrapes: over({ a_total: 1 }) }).verdict).toBe('inconclusive');
    expect(judge(check, { scrapes: over(good, good) }).verdict).toBe('inconclusive');
  });
});

describe('observation', () => {
  const signal = new AbortController().signal;
  const scrapes = over({ a_total: 1 }, { a_total: 2 });
  const states: Partial<ServiceStatus>[] = [
    { state: 'ready', sinceMs: FROM - 9, pid: 1 },
    { state: 'exited', sinceMs: FROM + 100 },
    { state: 'starting', sinceMs: FROM + 200, pid: 2 },
    { state: 'ready', sinceMs: FROM + 300, pid: 2 },
  ];
  const ports = (exposition: () => Promise<unknown>) =>
    ({
      metrics: { history: () => scrapes, exposition },
      services: { history: () => states, status: () => ({ state: 'exited' }) },
    }) as unknown as CheckPorts; // only these are looked at
  const text = { atMs: FROM, status: 200, text: GOOD };

  it('takes the text now, and the samples and starts of the time', async () => {
    const input = metricsCheck.schema.parse({ metrics: 'worker', valid: true, 'counters-never-fall': true });
    const seen = await metricsCheck.observe(
      input,
      ports(async () => text),
      { fromMs: FROM },
      signal,
    );
    expect(seen).toEqual({ fromMs: FROM, exposition: text, scrapes, startsAtMs: [FROM + 200] });
  });

  it('keeps to the samples when the service is gone or the time is over', async () => {
    const input = metricsCheck.schema.parse({ metrics: 'worker', 'counters-never-fall': true });
    const refused = ports(() => Promise.reject(new TestcardError('METRICS_UNREADABLE', 'refused')));
    const gone = await metricsCheck.observe(input, refused, { fromMs: FROM }, signal);
    expect(gone).toMatchObject({ problem: { message: 'refused' }, state: 'exited', scrapes });
    const over = await metricsCheck.observe(input, refused, { fromMs: FROM, toMs: FROM + 9 }, signal);
    expect(over).toEqual({ fromMs: FROM, scrapes, startsAtMs: [FROM + 200] });
    const defect = new Error('a defect');
    await expect(
      metricsCheck.observe(
        input,
        ports(() => Promise.reject(defect)),
        { fromMs: FROM },
        signal,
      ),
    ).rejects.toBe(defect);
  });
});

it.each([
  [{}, /says nothing/],
  [{ valid: false }, /true/],
  [{ families: {} }, /at least one/],
  [{ families: { 'a{b="c"}': { type: 'counter' } } }, /without labels/],
  [{ families: { a: {} } }, /says nothing/],
  [{ families: { a: { type: 'conter' } } }, /counter/],
  [{ families: { a: { lables: 'none' } } }, /lables/],
  [{ 'counters-never-fal': true }, /never-fal/],
])('refuses %j', (check, message) => {
  const result = metricsCheck.schema.safeParse({ metrics: 'worker', ...check });
  expect(JSON.stringify(result.error?.issues)).toMatch(message);
});
