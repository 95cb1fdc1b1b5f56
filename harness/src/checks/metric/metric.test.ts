import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestcardError } from '../../model/errors.ts';
import type { CheckPorts, MetricPoint, Scrape } from '../../model/ports.ts';
import type { Judgement } from '../../model/verdict.ts';
import { metricCheck } from './metric.ts';
import type { MetricObservation } from './no-data.ts';

const FROM = 1_000_000;

type Sample = Record<string, number>;

/** Samples 250 ms apart, the first as baseline at the instant that the case began. Keys are series as Prometheus writes them. */
function seen(samples: Sample[], over: Partial<MetricObservation> = {}, type: MetricPoint['type'] = 'counter') {
  const scrapes: Scrape[] = samples.map((sample, index) => ({
    atMs: FROM + index * 250,
    points: Object.entries(sample).map(([text, value]) => {
      const [name = '', rest = ''] = text.split('{');
      const labels = Object.fromEntries([...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, label]) => [key, label]));
      return { name, labels: labels as Record<string, string>, type, value };
    }),
  }));
  return { fromMs: FROM, scrapes, ...over } satisfies MetricObservation;
}

function judge(check: Record<string, unknown>, observation: MetricObservation): Judgement {
  return metricCheck.judge(observation, metricCheck.schema.parse({ of: 'worker', ...check }));
}

function always(check: Record<string, unknown>, observation: MetricObservation): Judgement {
  const input = metricCheck.schema.parse({ of: 'worker', ...check });
  return (metricCheck.judgeContinuously ?? metricCheck.judge)(observation, input);
}

const HISTOGRAM = { 'h_bucket{le="10"}': 0, 'h_bucket{le="100"}': 0, 'h_bucket{le="+Inf"}': 0 };
const counts = (ten: number, hundred: number, all: number): Sample => ({
  'h_bucket{le="10"}': ten,
  'h_bucket{le="100"}': hundred,
  'h_bucket{le="+Inf"}': all,
});

/** Every demand, with samples that it must pass and samples that it must reject. */
const TABLE: [check: Record<string, unknown>, good: Sample[], bad: Sample[]][] = [
  [{ metric: 'x', equals: 0 }, [{ x: 3 }, { x: 0 }], [{ x: 0 }, { x: 1 }]],
  [{ metric: 'x', equals: 100, tolerance: '5%' }, [{ x: 96 }], [{ x: 94 }]],
  [{ metric: 'x', not: 1 }, [{ x: 0 }], [{ x: 1 }]],
  [{ metric: 'x', above: 1 }, [{ x: 2 }], [{ x: 1 }]],
  [{ metric: 'x', below: 1 }, [{ x: 0 }], [{ x: 1 }]],
  [{ metric: 'x', 'at-least': 1 }, [{ x: 1 }], [{ x: 0 }]],
  [{ metric: 'x', 'at-most': 3 }, [{ x: 3 }], [{ x: 4 }]],
  [{ metric: 'x', between: [1, 2] }, [{ x: 2 }], [{ x: 3 }]],
  [{ metric: 'x', 'one-of': [0, 2] }, [{ x: 2 }], [{ x: 1 }]],
  [{ metric: 'x', or: 0, equals: 0 }, [{ y: 3 }], [{ x: 3 }]],
  [
    { metric: 'x', takes: [0, 1, 0] },
    [{ x: 0 }, { x: 0 }, { x: 1 }, { x: 1 }, { x: 0 }],
    [{ x: 0 }, { x: 1 }, { x: 2 }, { x: 0 }],
  ],
  [{ metric: 'x', takes: [0, 1, 0] }, [{ x: 0 }, { x: 1 }, { x: 0 }], [{ x: 0 }, { x: 1 }]],
  [{ metric: 'x', takes: [0, 1] }, [{ x: 0 }, { x: 1 }], [{ x: 0 }, { x: 1 }, { x: 0 }]],
  [{ metric: 'x', takes: [0] }, [{ x: 0 }, { x: 0 }], [{ x: 1 }, { x: 0 }]],
  [{ metric: 'x', or: 0, takes: [0, 1] }, [{}, { x: 1 }], [{}, { x: 2 }]],
  [{ metric: 'x', 'increases-by': 10 }, [{ x: 5 }, { x: 15 }], [{ x: 5 }, { x: 14 }]],
  [{ metric: 'x', 'increases-by': 10, tolerance: 1 }, [{ x: 5 }, { x: 16 }], [{ x: 5 }, { x: 17 }]],
  [{ metric: 'x', 'increases-by': { 'at-least': 1 } }, [{ x: 5 }, { x: 7 }], [{ x: 5 }, { x: 5 }]],
  [{ metric: 'x', 'increases-by': 0 }, [{ x: 5 }, { x: 5 }], [{ x: 5 }, { x: 6 }]],
  [{ metric: 'x', 'increases-by': 0, or: 0 }, [{ y: 5 }, { y: 5 }], [{ y: 5 }, { y: 5, x: 1 }]],
  [{ metric: 'x', 'increases-by': 6, 'on-reset': 'fail' }, [{ x: 5 }, { x: 11 }], [{ x: 5 }, { x: 6 }]],
  [{ metric: 'x', 'increases-by': 1, 'on-reset': 'fail' }, [{ x: 5 }, { x: 6 }], [{ x: 5 }, { x: 1 }]],
  [{ metric: 'x', rate: { 'at-least': 4 }, 'on-reset': 'fail' }, [{ x: 5 }, { x: 6 }], [{ x: 5 }, { x: 4 }]],
  [{ metric: 'x', rate: { 'at-least': 4 } }, [{ x: 0 }, { x: 1 }], [{ x: 0 }, { x: 0.5 }]],
  [{ metric: 'h', quantile: 0.5, below: 50 }, [HISTOGRAM, counts(10, 10, 10)], [HISTOGRAM, counts(0, 10, 10)]],
];

describe('metric check', () => {
  it.each(TABLE)('%j passes what it should and fails what it should', (check, good, bad) => {
    expect(judge(check, seen(good))).toMatchObject({ verdict: 'passed' });
    expect(judge(check, seen(bad))).toMatchObject({ verdict: 'failed' });
  });

  it.each(TABLE)(
    '%j is inconclusive without samples, without the series, and with a value that is stale',
    (check, good) => {
      expect(judge(check, seen([])).verdict).toBe('inconclusive');
      if (check.or === undefined) {
        expect(judge(check, seen([{ y: 1 }, { y: 1 }])).verdict).toBe('inconclusive');
      }
      const isSettled = JSON.stringify(check).includes('{"at-least":1}'); // a counter that has got there stays there
      const stale = judge(check, seen(good, { problem: { message: 'connection refused' }, state: 'ready' }));
      expect(stale.verdict).toBe(isSettled ? 'passed' : 'inconclusive');
    },
  );

  it('names the nearest series when the one asked for is missing', () => {
    const observation = seen([{ 'jobs_total{status="sent"}': 1, jobs_inflight: 0 }]);
    const missing = judge({ metric: 'job_total', equals: 1 }, observation);
    expect(missing).toMatchObject({
      verdict: 'inconclusive',
      seen: 'worker has no series job_total in 1 sample; the nearest: jobs_total, jobs_inflight',
    });
    expect(missing.hint).toContain('or: 0');
    expect(judge({ metric: 'jobs_total{status="done"}', equals: 1 }, observation).seen).toContain(
      'the nearest: jobs_total{status="sent"}',
    );
  });

  it('says that a histogram is one when a quantile of it was meant', () => {
    const observation = seen([HISTOGRAM, counts(1, 2, 3)]);
    expect(judge({ metric: 'h', below: 3 }, observation).hint).toContain('h is a histogram: give a `quantile`');
    expect(judge({ metric: 'hh', quantile: 0.5, below: 3 }, observation)).toMatchObject({
      verdict: 'inconclusive',
      seen: 'worker has no histogram hh in 2 samples; the nearest: h',
    });
  });

  it('does not take an empty histogram for a fast one, nor the highest bucket for its bound', () => {
    expect(judge({ metric: 'h', quantile: 0.95, below: 1_000 }, seen([HISTOGRAM, HISTOGRAM]))).toMatchObject({
      verdict: 'inconclusive',
      seen: 'nothing was observed since the case began, so there is no quantile',
    });
    expect(judge({ metric: 'h', quantile: 0.95, below: 1_000 }, seen([HISTOGRAM, counts(0, 0, 9)]))).toMatchObject({
      verdict: 'failed',
      seen: 'p95 is ∞ (above 100, the highest bucket, of 9 observations)',
    });
  });

  it('says what was promised, what was seen, when and by how much', () => {
    expect(judge({ metric: 'x', 'at-most': 3 }, seen([{ x: 0 }, { x: 5 }]))).toMatchObject({
      expected: 'x of worker: at most 3',
      seen: 'saw 5, 2 too high at +0.3 s',
      last: 5,
      atMs: FROM + 250,
    });
    expect(
      judge({ metric: 'x{a="1"}', 'increases-by': 10 }, seen([{ 'x{a="1"}': 5 }, { 'x{a="1"}': 14 }])),
    ).toMatchObject({
      expected: 'x{a="1"} of worker: increases by exactly 10',
      seen: 'increased by 9, 1 too low (5 → 14) by +0.3 s',
      last: 9,
    });
    expect(judge({ metric: 'x', equals: 2 }, seen([{ 'x{a="1"}': 1, 'x{a="2"}': 1 }])).seen).toBe(
      'saw 2 at +0.0 s, the sum of 2 series',
    );
  });

  it('gives up on a counter that has gone past, at the instant it did, and not on a gauge', () => {
    const samples = [{ x: 0 }, { x: 9 }, { x: 10 }, { x: 11 }, { x: 12 }];
    expect(judge({ metric: 'x', 'increases-by': 10 }, seen(samples))).toMatchObject({
      verdict: 'failed',
      hopeless: 'a counter does not go back',
      atMs: FROM + 750,
    });
    const onGauge = judge({ metric: 'x', 'increases-by': 10 }, seen(samples, {}, 'gauge'));
    expect(onGauge.verdict).toBe('failed');
    expect(onGauge.hopeless).toBeUndefined();
    const notYet = judge({ metric: 'x', 'increases-by': 20 }, seen(samples));
    expect(notYet.verdict).toBe('failed');
    expect(notYet.hopeless).toBeUndefined();
  });

  it('knows that a promise was broken even when the service cannot be read any more', () => {
    const observation = seen([{ x: 0 }, { x: 11 }], { problem: { message: 'connection refused' }, state: 'exited' });
    expect(judge({ metric: 'x', 'increases-by': 10 }, observation).verdict).toBe('failed');
  });

  it('does not count from the first sample when there is none from before the case', () => {
    const late = { ...seen([{ x: 7 }, { x: 17 }]), fromMs: FROM - 1_000 };
    expect(judge({ metric: 'x', 'increases-by': 10 }, late)).toMatchObject({
      verdict: 'inconclusive',
      seen: 'the metrics of worker were first read at +1.0 s: where they stood at the start is not known',
    });
    expect(judge({ metric: 'x', 'increases-by': 5 }, late).verdict).toBe('failed'); // at least 10 is past 5 already
    expect(judge({ metric: 'x', rate: { above: 1 } }, late).verdict).toBe('inconclusive');
  });

  it('goes on counting over restarts of the process', () => {
    const steps = fc.array(fc.record({ by: fc.nat({ max: 50 }), restart: fc.boolean() }), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(fc.nat({ max: 100 }), steps, (start, moves) => {
        const samples: Sample[] = [{ x: start, process_start_time_seconds: 0 }];
        let value = start;
        let total = 0;
        for (const [index, { by, restart }] of moves.entries()) {
          value = restart ? by : value + by;
          total += by;
          const startedAt = moves.slice(0, index + 1).findLastIndex((move) => move.restart) + 1;
          samples.push({ x: value, process_start_time_seconds: startedAt });
        }
        expect(judge({ metric: 'x', 'increases-by': total }, seen(samples)).verdict).toBe('passed');
        expect(judge({ metric: 'x', 'increases-by': total + 1 }, seen(samples)).verdict).toBe('failed');
      }),
    );
  });

  describe('throughout', () => {
    it('looks at every sample, not only the latest', () => {
      const spike = seen([{ x: 0 }, { x: 3 }, { x: 4 }, { x: 5 }, { x: 0 }]);
      expect(judge({ metric: 'x', 'at-most': 3 }, spike).verdict).toBe('passed');
      expect(always({ metric: 'x', 'at-most': 3 }, spike)).toMatchObject({
        verdict: 'failed',
        seen: 'saw 4, 1 too high at +0.5 s, and 1 of the samples after it',
        atMs: FROM + 500,
      });
      // What was before `always` began is not its business.
      expect(
        always({ metric: 'x', 'at-most': 3 }, { ...spike, heldSinceMs: spike.scrapes.at(-2)?.atMs ?? 0 }).verdict,
      ).toBe('passed');
      expect(always({ metric: 'x', 'at-most': 5 }, spike)).toMatchObject({
        verdict: 'passed',
        seen: 'held in 4 samples (0 to 5), the last 0 at +1.0 s',
      });
    });

    it('judges a change, a rate or a quantile over everything so far, at each look', () => {
      const rising = seen([{ x: 0 }, { x: 1 }, { x: 2 }]);
      expect(always({ metric: 'x', 'increases-by': { 'at-most': 2 } }, rising).verdict).toBe('passed');
      expect(always({ metric: 'x', 'increases-by': { 'at-most': 1 } }, rising).verdict).toBe('failed');
      expect(always({ metric: 'x', rate: { below: 3 } }, rising).verdict).toBe('failed');
      const slow = seen([HISTOGRAM, counts(0, 10, 10)]);
      expect(always({ metric: 'h', quantile: 0.5, below: 50 }, slow).verdict).toBe('failed');
    });

    it('does not hold the case to what stood there before it began', () => {
      expect(always({ metric: 'x', 'at-most': 3 }, seen([{ x: 9 }, { x: 0 }])).verdict).toBe('passed');
    });

    it('is inconclusive when it saw nothing, or lost sight of a service that still runs', () => {
      expect(always({ metric: 'x', 'at-most': 3 }, seen([])).verdict).toBe('inconclusive');
      expect(always({ metric: 'x', 'at-most': 3 }, seen([{ x: 0 }])).verdict).toBe('inconclusive');
      expect(always({ metric: 'x', 'at-most': 3 }, seen([{ y: 0 }, { y: 0 }])).seen).toContain('has no series x');
      const problem = { message: 'timed out' };
      expect(
        always({ metric: 'x', 'at-most': 3 }, seen([{ x: 0 }, { x: 0 }], { problem, state: 'ready' })).verdict,
      ).toBe('inconclusive');
    });

    it.each(['stopped', 'exited', 'failed'] as const)('holds for a service that is %s, up to its end', (state) => {
      const over = { problem: { message: 'refused' }, state };
      expect(always({ metric: 'x', 'at-most': 3 }, seen([{ x: 0 }, { x: 2 }], over))).toMatchObject({
        verdict: 'passed',
        seen: `held in 1 sample, the last 2 at +0.3 s; the service is ${state} since`,
      });
      expect(always({ metric: 'x', 'at-most': 3 }, seen([{ x: 0 }, { x: 4 }], over)).verdict).toBe('failed');
    });

    it('treats a missing series as its `or` at every sample', () => {
      expect(always({ metric: 'x', 'at-most': 3, or: 0 }, seen([{}, {}, {}])).verdict).toBe('passed');
      expect(always({ metric: 'x', 'at-least': 1, or: 0 }, seen([{}, { x: 1 }, {}])).verdict).toBe('failed');
    });
  });

  it('says which value came that should not, and waits for one that may still come', () => {
    const takes = { metric: 'x', takes: [0, 1, 2] };
    expect(judge(takes, seen([{ x: 0 }, { x: 1 }, { x: 0 }]))).toMatchObject({
      verdict: 'failed',
      expected: 'x of worker: takes the values 0, 1, 2',
      seen: 'saw 0, 1 (+0.3 s), 0 (+0.5 s): 0 where 2 should come',
      hopeless: expect.any(String),
    });
    expect(judge(takes, seen([{ x: 0 }, { x: 1 }]))).toMatchObject({ seen: 'saw 0, 1 (+0.3 s): 2 did not come' });
    expect(judge(takes, seen([{ x: 0 }, { x: 1 }])).hopeless).toBeUndefined();
    expect(judge(takes, seen([{ y: 0 }])).verdict).toBe('inconclusive');
    const unknown = judge(takes, seen([{ x: 1 }, { x: 2 }], { fromMs: FROM - 1 }));
    expect(unknown.verdict, 'it may have been 0 before the first sample').toBe('inconclusive');
    const gone = { problem: { message: 'refused' }, state: 'exited' as const };
    expect(judge(takes, seen([{ x: 0 }, { x: 1 }, { x: 2 }], gone)).verdict).toBe('inconclusive');
    expect(always(takes, seen([{ x: 0 }, { x: 1 }, { x: 2 }])).verdict).toBe('passed');
  });

  it.each([
    [{ metric: 'x' }, /says nothing/],
    [{ metric: 'x{', equals: 1 }, /label name/],
    [{ metric: 'x', 'increases-by': 1, equals: 3 }, /two checks/],
    [{ metric: 'x', 'increases-by': 1, rate: 3 }, /two checks/],
    [{ metric: 'x', quantile: 0.5, 'increases-by': 1 }, /two checks/],
    [{ metric: 'x', takes: [1], equals: 1 }, /a check of its own/],
    [{ metric: 'x', quantile: 95, below: 1 }, /<=1/],
    [{ metric: 'x', quantile: 0.95, below: 1, or: 0 }, /leave `or` out/],
    [{ metric: 'x', equals: '3' }, /a number \(got "3"\)/],
    [{ metric: 'x', below: 3, tolerance: 1 }, /belongs to/],
    [{ metric: 'x', equals: 3, 'on-reset': 'ignore' }, /rebase/],
    [{ metric: 'x', euqals: 3 }, /euqals/],
  ])('refuses %j', (check, message) => {
    const result = metricCheck.schema.safeParse({ of: 'worker', ...check });
    expect(result.error?.issues.map((issue) => issue.message).join('\n')).toMatch(message);
  });

  describe('observation', () => {
    const history = seen([{ x: 0 }, { x: 1 }]).scrapes;
    const ports = (scrape: () => Promise<Scrape>, asked: string[] = []) =>
      ({
        metrics: { history: () => history, scrape: (of: string) => asked.push(of) && scrape() },
        services: { status: () => ({ state: 'exited' }) },
      }) as unknown as CheckPorts; // only these are looked at
    const input = metricCheck.schema.parse({ metric: 'x', of: 'worker', equals: 1 });
    const signal = new AbortController().signal;

    it('takes a sample now, so that nothing old is taken for the present', async () => {
      const asked: string[] = [];
      const observed = await metricCheck.observe(
        input,
        ports(async () => history[1] as Scrape, asked),
        { fromMs: FROM },
        signal,
      );
      expect(asked).toEqual(['worker']);
      expect(observed).toEqual({ fromMs: FROM, scrapes: history });
      await metricCheck.observe(
        input,
        ports(async () => history[1] as Scrape, asked),
        { fromMs: FROM, toMs: FROM + 9 },
        signal,
      );
      expect(asked, 'a phase that is over is not sampled any more').toEqual(['worker']);
    });

    it('keeps what was sampled when the service cannot be read now', async () => {
      const gone = new TestcardError('METRICS_UNREADABLE', 'refused');
      expect(
        await metricCheck.observe(
          input,
          ports(() => Promise.reject(gone)),
          { fromMs: FROM },
          signal,
        ),
      ).toEqual({
        fromMs: FROM,
        scrapes: history,
        problem: { message: 'refused' },
        state: 'exited',
      });
      const usage = new TestcardError('SUITE_INVALID', 'no metrics address');
      await expect(
        metricCheck.observe(
          input,
          ports(() => Promise.reject(usage)),
          { fromMs: FROM },
          signal,
        ),
      ).rejects.toBe(usage);
      const aborted = AbortSignal.abort(gone);
      await expect(
        metricCheck.observe(
          input,
          ports(() => Promise.reject(gone)),
          { fromMs: FROM },
          aborted,
        ),
      ).rejects.toBe(gone);
      const defect = new Error('a defect');
      await expect(
        metricCheck.observe(
          input,
          ports(() => Promise.reject(defect)),
          { fromMs: FROM },
          signal,
        ),
      ).rejects.toBe(defect);
    });
  });
});
