import { afterAll, describe, expect, it } from 'vitest';
import { fakeClock } from '../base/clock.fake.ts';
import { replayCase } from '../engine/replay/replay-case.ts';
import { storedCases } from '../engine/replay/stored-case.ts';
import { type CaseWorld, runCase } from '../engine/run-case.ts';
import { TestcardError } from '../model/errors.ts';
import type { MetricsRecord } from '../model/looks.ts';
import type { Activity, MetricPoint, ServiceStatus } from '../model/ports.ts';
import type { Case } from '../model/suite.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { createLogStore, storedObservations } from '../observe/index.ts';
import { ScrapeHistory } from '../observe/scrape-history.ts';
import { parseSuite } from '../suite/index.ts';
import { registry } from './registries.ts';

const START_MS = 1_000_000;
const never = new AbortController().signal;

function caseOf(steps: string, more = '', blocks = ''): Case {
  const text = `suite: s\nenvironment: e\n${blocks}cases:\n  - case: c\n${more}    steps:\n${steps.replaceAll(/^/gm, '      ')}\n`;
  const { suite, problems } = parseSuite(text, '/s.suite.yaml', { registry, env: {} });
  const [kase] = suite?.cases ?? [];
  if (!kase) throw new Error(problems.map(({ message, position }) => `${position.line}: ${message}`).join('\n'));
  return kase;
}

/** What a service of the pretended pipeline does, by time since the start, ms. */
interface Script {
  metric?: (ms: number) => number | undefined;
  lines?: [ms: number, text: string][];
  states?: [ms: number, ServiceStatus['state']][];
  http?: (ms: number) => { status: number; body: string } | undefined;
  faultMs?: number;
}

/** Runs the case with the real engine against a pretended pipeline, and keeps the timeline as a run would. */
async function run(
  kase: Case,
  script: Script,
): Promise<{ events: TimelineEvent[]; verdict: string; message?: string }> {
  const clock = fakeClock(START_MS);
  const now = () => clock.nowMs() - START_MS;
  const events: TimelineEvent[] = [];
  const emitEvent = (event: TimelineEvent) => {
    events.push(JSON.parse(JSON.stringify(event)) as TimelineEvent);
  };
  const logs = createLogStore({ isJson: () => true });
  const history = new ScrapeHistory();
  const states: ServiceStatus[] = [];
  const over = new AbortController();
  const at = (ms: number, act: () => void) => clock.delay(Math.max(0, ms - now()), over.signal).then(act, () => {});
  const scrape = () => {
    const value = script.metric?.(now());
    if (value === undefined) throw new TestcardError('METRICS_UNREADABLE', 'connection refused');
    const point: MetricPoint = { name: 'n', labels: { k: 'v' }, type: 'counter', value };
    const { scrape: kept, changed, placed, gone } = history.add({ atMs: clock.nowMs(), points: [point] });
    const record: MetricsRecord = {
      values: Object.fromEntries(changed.map((each) => ['n{k="v"}', each.value])),
      placed: Object.fromEntries(placed.map(({ series, index, type }) => [series, [index, type]])),
      gone,
    };
    emitEvent({ type: 'metrics', atMs: clock.nowMs(), service: 'worker', ...record });
    return kept;
  };
  const sample = async () => {
    while (!over.signal.aborted) {
      try {
        scrape();
      } catch {}
      await clock.delay(250, over.signal).catch(() => {});
    }
  };
  const become = (state: ServiceStatus['state']) => {
    const status: ServiceStatus = { service: 'worker', state, restarts: 0, sinceMs: clock.nowMs() };
    states.push(status);
    emitEvent({ type: 'service', atMs: clock.nowMs(), ...status });
  };
  const unused = () => {
    throw new Error('not used in this test');
  };
  let over1: { atMs: number; title: string } | undefined;
  const world: CaseWorld = {
    clock,
    metrics: {
      history: (_, window) => history.within(window),
      scrape: async () => {
        await clock.delay(1);
        return scrape();
      },
      exposition: unused,
      services: () => ['worker'],
      lastProblem: () => undefined,
    },
    logs,
    services: {
      names: () => ['worker'],
      status: () => states.at(-1) as ServiceStatus,
      history: (_, { fromMs }) =>
        states.slice(
          Math.max(
            0,
            states.findLastIndex(({ sinceMs }) => sinceMs <= fromMs),
          ),
        ),
    },
    http: {
      request: async () => {
        const answer = script.http?.(now());
        if (!answer) throw new TestcardError('STEP_INCONCLUSIVE', 'no answer');
        return { ...answer, headers: {}, elapsedMs: 1 };
      },
    },
    streams: { probe: unused },
    recordings: { names: () => [], status: () => undefined, measure: unused },
    media: {
      publish: async ({ as, to }): Promise<Activity> => ({
        kind: 'publisher',
        name: as,
        url: to,
        ended: clock.delay(4_000),
        stop: async () => {},
        progress: () => 'on',
      }),
      record: unused,
    },
    sockets: {
      emit: async () => (script.http?.(now())?.status === 200 ? { reply: { ok: true } } : { rejected: { ok: false } }),
    },
    faults: {
      inject: async (key, input) => {
        const injectedAtMs = clock.nowMs();
        const fault = { type: 'fault', case: 'c', fault: 'f', kind: key, title: 'the fault' } as const;
        emitEvent({ ...fault, atMs: injectedAtMs, state: 'asked' });
        emitEvent({ ...fault, atMs: injectedAtMs, state: 'injected' });
        over1 = { atMs: injectedAtMs, title: 'the fault' };
        emitEvent({ ...fault, atMs: injectedAtMs, state: 'proven', overAtMs: injectedAtMs });
        return { id: 'f', key, input, title: 'the fault', injectedAtMs, revert: async () => {} };
      },
      lastReverted: () => over1,
      active: () => [],
      since: () => [],
    },
    control: {
      status: unused,
      kill: unused,
      stop: unused,
      start: unused,
      pause: unused,
      resume: unused,
      processes: unused,
    },
    emitEvent,
    timelineLength: () => events.length,
    mask: (text) => text,
    prepare: async () => {
      scrape();
    },
    lossesSince: () => [],
    ownLoss: () => new Promise(() => {}),
  };
  emitEvent({ type: 'suite-started', atMs: START_MS, suite: 's', file: '', environment: '', runtime: '', cases: [] });
  become('ready');
  for (const [ms, text] of script.lines ?? []) {
    void at(ms, () => {
      const line = { atMs: clock.nowMs(), service: 'worker', stream: 'stdout', text } as const;
      logs.append(line);
      emitEvent({ type: 'log', ...line });
    });
  }
  for (const [ms, state] of script.states ?? []) void at(ms, () => become(state));
  void sample();
  const outcome = await clock.run(runCase(kase, world, never));
  over.abort();
  return { events, verdict: outcome.verdict, ...(outcome.error ? { message: outcome.error.message } : {}) };
}

async function replay(events: TimelineEvent[], was: Case, now = was) {
  const observations = storedObservations(events, { jsonLogs: ['worker'] });
  const [stored] = storedCases(events);
  if (!stored) throw new Error('no case');
  const { verdict, error, notes } = await replayCase(now, was, { stored, events, observations, signal: never });
  return { verdict, message: error?.message, code: error?.code, line: error?.position?.line, notes };
}

const COUNTS = (ms: number) => Math.floor(ms / 1_000);
const METRIC = '{ metric: n, of: worker, increases-by: { at-least: 3 } }';

describe('a case without change', () => {
  const scripts: Record<string, Script> = {
    'counts and answers': {
      metric: COUNTS,
      lines: [
        [500, '{"msg":"job","id":1}'],
        [1_700, '{"msg":"job","id":2}'],
        [6_000, '{"msg":"error","id":2}'],
      ],
      states: [
        [3_000, 'exited'],
        [3_020, 'starting'],
        [3_400, 'ready'],
      ],
      http: (ms) => ({ status: ms < 2_000 ? 503 : 200, body: '{"up":true}' }),
    },
    'stands still': { metric: () => 5, http: () => ({ status: 500, body: 'no' }) },
    'cannot be read after a while': { metric: (ms) => (ms < 2_200 ? 1 : undefined) },
    'jumps past what is allowed': { metric: (ms) => (ms < 1_000 ? 0 : 9), lines: [[100, 'not json']] },
  };
  const cases: Record<string, Case> = {
    'eventually a metric': caseOf(`- eventually: { within: 5s, metric: n, of: worker, increases-by: { at-least: 3 } }`),
    'eventually exactly': caseOf(`- eventually: { within: 5s, metric: n, of: worker, increases-by: 2 }`),
    'eventually unless': caseOf(
      `- eventually: { within: 9s, log: { of: worker, where: { id: 7 } }, unless: { log: { of: worker, where: { msg: error } } } }`,
    ),
    'eventually a state of a moment': caseOf(
      `- wait: 2500ms\n- eventually: { within: 4s, service: worker, state: exited }`,
    ),
    'eventually http': caseOf(
      `- eventually: { within: 3s, http: "http://worker:1/", status: 200, json: { up: true } }`,
    ),
    'always few': caseOf(`- always: { for: 4s, metric: n, of: worker, at-most: 2 }`),
    'expect several': caseOf(
      `- wait: 3500ms\n- expect:\n    - ${METRIC}\n    - log: { of: worker, where: { msg: job } }\n      count: 2\n    - service: worker\n      state: ready`,
    ),
    phases: caseOf(
      `- phase: one\n- wait: 2s\n- phase: two\n- wait: 2s\n- expect:\n    - log: { of: worker, where: { msg: job } }\n      during: two\n      count: 0\n    - metric: n\n      of: worker\n      increases-by: 2\n      during: one`,
    ),
    throughout: caseOf(
      `- wait: 7s`,
      `    throughout:\n      - { log: { of: worker, where: { msg: error } }, count: 0 }\n      - { metric: n, of: worker, at-most: 8 }\n`,
    ),
    'repeat and parallel': caseOf(
      `- repeat:\n    times: 3\n    steps:\n      - wait: 500ms\n      - expect: { metric: n, of: worker, at-most: 5 }\n- parallel:\n    - eventually: { within: 4s, service: worker, state: ready }\n    - always: { for: 2s, metric: n, of: worker, at-most: 3 }`,
    ),
    'request, emit, finish': caseOf(
      `- publish: { fixture: f, to: "rtsp://worker:1/x" }\n- request: { url: "http://worker:1/", status: { at-least: 200 }, save: { up: $.up } }\n- emit: { to: worker, event: e, reply: { event: r } }\n- finish: f\n- expect:\n    http: http://worker:1/\n    json: { up: "\${up}" }`,
    ),
    'a block': caseOf(
      `- use: twice\n- expect: { metric: n, of: worker, at-most: 5 }`,
      '',
      `blocks:\n  twice:\n    steps:\n      - wait: 1s\n      - eventually: { within: 2s, metric: n, of: worker, increases-by: { at-least: 2 } }\n`,
    ),
    recovers: caseOf(
      `- service: { kill: worker }\n- eventually: { within: 6s, recovers-within: 3500ms, metric: n, of: worker, increases-by: { at-least: 3 } }`,
    ),
    'out of time': caseOf(`- eventually: { within: 50s, metric: n, of: worker, above: 100 }`, '    timeout: 2s\n'),
  };
  const seen = new Set<string>();
  afterAll(() => expect(seen).toEqual(new Set(['passed', 'failed', 'inconclusive'])));
  for (const [script, pipeline] of Object.entries(scripts)) {
    for (const [name, kase] of Object.entries(cases)) {
      it(`gets the verdict it had: ${name}, of a pipeline that ${script}`, async () => {
        const live = await run(kase, pipeline);
        const again = await replay(live.events, kase);
        expect(again.verdict).toBe(live.verdict);
        seen.add(live.verdict);
        const endings = / \((looked|gave up|held for).*$/;
        expect(again.message?.replace(endings, '')).toBe(live.message?.replace(endings, ''));
      });
    }
  }
});

describe('a changed case', () => {
  const counting: Script = {
    metric: COUNTS,
    lines: [
      [100, '{"msg":"up"}'],
      [1_200, '{"msg":"error"}'],
    ],
    http: (ms) => ({ status: ms < 2_000 ? 503 : 200, body: '{"up":true}' }),
  };
  const judged = async (was: string, now: string, script = counting, more = '') => {
    const [before, after] = [caseOf(was, more), caseOf(now, more)];
    const live = await run(before, script);
    return { live: live.verdict, ...(await replay(live.events, before, after)) };
  };

  it('fails when a bound that was kept is narrowed, at its line', async () => {
    const was = '- wait: 3500ms\n- expect: { metric: n, of: worker, at-most: 3 }';
    expect(await judged(was, was.replace('at-most: 3', 'at-most: 2'))).toMatchObject({
      live: 'passed',
      verdict: 'failed',
      code: 'CHECK_FAILED',
      message: expect.stringContaining('saw 3, 1 too high at +3.5 s'),
      line: 7,
    });
  });

  it('passes when a bound that was broken is widened and nothing was left to do', async () => {
    const was = '- wait: 3500ms\n- expect: { metric: n, of: worker, at-most: 2 }';
    expect(await judged(was, was.replace('at-most: 2', 'at-most: 3'))).toMatchObject({
      live: 'failed',
      verdict: 'passed',
    });
  });

  it('cannot tell when a broken check holds now, but the run went no further', async () => {
    const was = '- wait: 3500ms\n- expect: { metric: n, of: worker, at-most: 2 }\n- wait: 1s';
    expect(await judged(was, was.replace('at-most: 2', 'at-most: 3'))).toMatchObject({
      live: 'failed',
      verdict: 'inconclusive',
      code: 'NOT_REPLAYABLE',
      message: expect.stringContaining('“wait 1s”: the run ended before it'),
    });
  });

  it('fails by the time-out when a wait that was long enough is shortened', async () => {
    const was = '- eventually: { within: 9s, metric: n, of: worker, increases-by: { at-least: 3 } }';
    expect(await judged(was, was.replace('9s', '2s'))).toMatchObject({
      live: 'passed',
      verdict: 'failed',
      message: expect.stringMatching(/increased by 2.*\(looked \d+ times in 2s\)/),
    });
    expect(await judged(was, was.replace('9s', '4s'))).toMatchObject({ verdict: 'passed' });
  });

  it('looks on at the samples of the run where more is waited for than was', async () => {
    const was = '- eventually: { within: 9s, metric: n, of: worker, increases-by: { at-least: 3 } }\n';
    const more = was.replace('at-least: 3', 'at-least: 5');
    const looking = '- always: { for: 4s, metric: n, of: worker, at-most: 90 }';
    expect(await judged(was + looking, more + looking)).toMatchObject({ verdict: 'passed' });
    expect(await judged(`${was}- wait: 4s`, `${more}- wait: 4s`)).toMatchObject({
      verdict: 'inconclusive',
      message: expect.stringContaining('by then the run had gone on with “wait 4s”'),
    });
    expect(await judged(was, more)).toMatchObject({
      verdict: 'inconclusive',
      message: expect.stringContaining('the run was over by then'),
    });
  });

  it('looks on for as long as something must stay true now', async () => {
    const was = '- always: { for: 2s, metric: n, of: worker, at-most: 2 }\n';
    const rest = '- eventually: { within: 9s, metric: n, of: worker, increases-by: { at-least: 6 } }';
    expect(await judged(was + rest, was.replace('2s', '4s') + rest)).toMatchObject({
      verdict: 'failed',
      message: expect.stringContaining('saw 3'),
    });
    expect(await judged(was + rest, was.replace('at-most: 2', 'at-most: 1') + rest)).toMatchObject({
      verdict: 'failed',
    });
  });

  it('judges checks that are new where they stand, and does without those that are gone', async () => {
    const was = '- wait: 1s\n- expect: { metric: n, of: worker, at-most: 5 }\n- wait: 2s';
    const added = '\n- expect: { log: { of: worker, where: { msg: error } }, count: 0 }';
    expect(await judged(was, was + added)).toMatchObject({ verdict: 'failed' });
    expect(await judged(was, was.replace('\n- wait: 2s', `${added}\n- wait: 2s`))).toMatchObject({ verdict: 'passed' });
    expect(await judged(was, '- wait: 1s\n- wait: 2s\n- expect: { metric: n, of: worker, at-least: 3 }')).toMatchObject(
      {
        verdict: 'passed',
      },
    );
    expect(
      await judged(
        was,
        was,
        { ...counting, lines: [[500, '{}']] },
        '    throughout:\n      - { log: { of: worker }, count: 0 }\n',
      ),
    ).toMatchObject({ live: 'failed', verdict: 'failed' });
  });

  it('judges what must hold throughout by a promise that is new', async () => {
    const steps = '- wait: 3s\n- expect: { metric: n, of: worker, at-most: 90 }';
    const [was, now] = [
      caseOf(steps),
      caseOf(steps, '    throughout:\n      - { metric: n, of: worker, at-most: 1 }\n'),
    ];
    const live = await run(now, counting);
    expect(live.verdict).toBe('failed');
    const before = await run(was, counting);
    expect(await replay(before.events, was, now)).toMatchObject({ verdict: 'failed', line: 6 });
  });

  it('cannot tell when what is done to the pipeline has changed', async () => {
    const was = '- wait: 1s\n- expect: { metric: n, of: worker, at-most: 5 }';
    expect(await judged(was, was.replace('1s', '2s'))).toMatchObject({
      verdict: 'inconclusive',
      message: '“wait 1s” has become “wait 2s”',
      line: 6,
    });
    expect(await judged(was, `- service: { kill: worker }\n${was}`)).toMatchObject({
      message: expect.stringContaining('“kill worker”: the run did not do it'),
    });
    expect(await judged(was, was.replace('- wait: 1s\n', ''))).toMatchObject({
      message: expect.stringContaining('the run did “wait 1s” here'),
    });
    const broken = was.replace('at-most: 5', 'at-most: 0');
    expect(await judged(was, `${broken}\n- wait: 9s`)).toMatchObject({ verdict: 'failed' });
  });

  it('cannot tell what an address would have answered that nobody asked', async () => {
    const was = '- expect: { http: "http://worker:1/", status: 503 }';
    expect(await judged(was, was.replace('503', '200'))).toMatchObject({ live: 'passed', verdict: 'failed' });
    expect(await judged(was, was.replace('worker:1/', 'worker:1/other'))).toMatchObject({
      verdict: 'inconclusive',
      message: expect.stringContaining('http://worker:1/other was not asked for at that moment'),
    });
  });

  it('holds the answers of steps to what is asked of them now', async () => {
    const was =
      '- request: { url: "http://worker:1/", status: 503 }\n- emit: { to: worker, event: e, reply: { event: r } }';
    const ready: Script = { ...counting, http: () => ({ status: 200, body: '{}' }) };
    expect(await judged(was.replace('503', '200'), was, ready)).toMatchObject({
      live: 'passed',
      verdict: 'failed',
      line: 6,
    });
    const other = was.replace('503', '200');
    expect(await judged(other, other.replace('event: r', 'event: r, where: { ok: false }'), ready)).toMatchObject({
      verdict: 'failed',
      message: expect.stringContaining('the last one was {"ok":true}'),
    });
  });

  it('times recovery by the bound of now', async () => {
    const was =
      '- service: { kill: worker }\n- eventually: { within: 6s, recovers-within: 3500ms, metric: n, of: worker, increases-by: { at-least: 3 } }';
    expect(await judged(was, was.replace('3500ms', '1s'))).toMatchObject({
      live: 'passed',
      verdict: 'failed',
      message: expect.stringMatching(/recovers within 1s after the fault — it took 3/),
    });
    expect(await judged(was.replace('3500ms', '1s'), was)).toMatchObject({ live: 'failed', verdict: 'passed' });
  });

  it('cannot be judged when the run was killed in it', async () => {
    const kase = caseOf('- wait: 1s\n- expect: { metric: n, of: worker, at-most: 90 }');
    const { events } = await run(kase, counting);
    const cut = events.slice(
      0,
      events.findIndex(({ type }) => type === 'step-ended'),
    );
    expect(await replay(cut, kase)).toMatchObject({ verdict: 'inconclusive', code: 'NOT_REPLAYABLE' });
  });

  it('does not judge what the run had no time left to judge, unless it asks for something else now', async () => {
    const was = '- wait: 3500ms\n- expect: { metric: n, of: worker, at-most: 2 }';
    const { events } = await run(caseOf(was), counting);
    const error = { code: 'CASE_TIMEOUT', kind: 'inconclusive', message: 'the case did not end' } as const;
    const late = events
      .filter((event) => event.type !== 'check' && !(event.type === 'look' && event.how === 'expect'))
      .map((event): TimelineEvent => ('error' in event && event.error ? { ...event, error } : event));
    expect(await replay(late, caseOf(was))).toMatchObject({ verdict: 'inconclusive', code: 'CASE_TIMEOUT' });
    expect(await replay(late, caseOf(was), caseOf(was.replace('at-most: 2', 'at-most: 1')))).toMatchObject({
      verdict: 'failed',
    });
  });

  it('has failed when the run ran out of time with a broken promise already seen', async () => {
    const was =
      '- wait: 3500ms\n- expect:\n    - { metric: n, of: worker, at-most: 2 }\n    - { metric: n, of: worker, at-most: 1 }';
    const { events } = await run(caseOf(was), counting);
    const error = { code: 'CASE_TIMEOUT', kind: 'inconclusive', message: 'the case did not end' } as const;
    const late = events
      .filter((event) => !(event.type === 'look' && event.how === 'expect' && event.check === 1))
      .map((event): TimelineEvent => ('error' in event && event.error ? { ...event, error } : event));
    expect(await replay(late, caseOf(was))).toMatchObject({ verdict: 'failed' });
    // What it asks for otherwise now holds; what it had no time for is not judged.
    const widened = was.replace('at-most: 2', 'at-most: 90');
    expect(await replay(late, caseOf(was), caseOf(widened))).toMatchObject({
      verdict: 'inconclusive',
      code: 'CASE_TIMEOUT',
    });
  });
});
