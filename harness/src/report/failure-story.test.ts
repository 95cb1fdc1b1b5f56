import { describe, expect, it } from 'vitest';
import type { ErrorRecord, TimelineEvent } from '../model/timeline.ts';
import type { Judgement } from '../model/verdict.ts';
import { failureStory, type StoryFacts } from './failure-story.ts';

const ROOT = '/project';
const FILE = 'suites/a.suite.yaml';
const TEXT = `suite: tiny
cases:
  - case: it's counted
    steps:
      - request: { url: "http://counter:8000/count" }
      - expect:
          - metric: counted_total
            of: counter
            increases-by: 1
      - wait: 1s
`;
const position = { file: `${ROOT}/${FILE}`, line: 7, col: 13 };
const KASE = 'it-s-counted';
const ZERO = 1_000_000;

const judgement: Judgement = {
  verdict: 'failed',
  expected: 'counted_total of counter: increases by exactly 1',
  seen: 'increased by 0',
  atMs: ZERO + 10_000,
};
const error: ErrorRecord = {
  code: 'CHECK_FAILED',
  kind: 'failed',
  message: `${judgement.expected} — ${judgement.seen} (looked 34 times in 5s; it had not changed for 5s)`,
  position,
  detail: judgement,
};

/** A case that judges at +10.5 s what happened at +10 s; `more` is what else there is. */
function timeline(more: TimelineEvent[] = [], ended: ErrorRecord = error): TimelineEvent[] {
  const at = { case: KASE, position };
  const own: TimelineEvent[] = [
    { type: 'case-started', atMs: ZERO - 700, ...at, title: "it's counted", timeoutMs: 60_000 },
    { type: 'step-started', atMs: ZERO, ...at, step: '0', title: 'request', depth: 0 },
    { type: 'step-ended', atMs: ZERO + 20, case: KASE, step: '0', verdict: 'passed', elapsedMs: 20 },
    { type: 'step-started', atMs: ZERO + 5_500, ...at, step: '1', title: 'expect it to count', depth: 0 },
    { type: 'check', atMs: ZERO + 10_500, ...at, title: 'counts', judgement, how: 'expect' },
    {
      type: 'step-ended',
      atMs: ZERO + 10_500,
      case: KASE,
      step: '1',
      verdict: 'failed',
      elapsedMs: 5_000,
      error: ended,
    },
    { type: 'case-ended', atMs: ZERO + 11_000, case: KASE, verdict: 'failed', elapsedMs: 11_700, error: ended },
  ];
  return [...own, ...more].sort((a, b) => a.atMs - b.atMs);
}

const facts = (events: TimelineEvent[], more: Partial<StoryFacts> = {}): StoryFacts => ({
  suite: { suite: 'a', name: 'tiny', file: FILE },
  result: { case: KASE, title: "it's counted", verdict: 'failed', error },
  events,
  text: TEXT,
  folder: 'reports/r/suites/a',
  root: ROOT,
  ...more,
});

const log = (atMs: number, text: string): TimelineEvent => ({
  type: 'log',
  atMs,
  service: 'counter',
  stream: 'stdout',
  text,
});
const fault = (atMs: number, state: 'asked' | 'injected' | 'proven' | 'reverted'): TimelineEvent => ({
  type: 'fault',
  atMs,
  case: KASE,
  fault: 'f1',
  kind: 'network.cut',
  title: 'cut a ↔ b',
  state,
  ...(state === 'proven' ? { proof: { holds: true, by: 'connecting', seen: 'refused' } } : {}),
});
const texts = (events: TimelineEvent[]) => failureStory(facts(events))?.meanwhile.map(({ text }) => text);

describe('failureStory', () => {
  it('tells promise, sight and how long it was looked at apart', () => {
    expect(failureStory(facts(timeline()))).toMatchObject({
      promised: 'counted_total of counter: increases by exactly 1',
      seen: 'increased by 0',
      looked: 'looked 34 times in 5s; it had not changed for 5s',
      step: { id: '1', title: 'expect it to count', elapsedMs: 5_000, startedInCaseMs: 5_500 },
    });
  });

  it('names the instant that decided on the clock of the case, which begins with its first step', () => {
    expect(failureStory(facts(timeline()))?.when).toEqual({
      atMs: ZERO + 10_000,
      inCaseMs: 10_000,
      judgedInCaseMs: 10_500,
    });
  });

  it('takes the moment of judging where the check names none, or one outside the case', () => {
    const { atMs: _, ...none } = judgement;
    for (const detail of [none, { ...judgement, atMs: ZERO - 5_000 }]) {
      const story = failureStory(facts(timeline(), { result: { ...facts([]).result, error: { ...error, detail } } }));
      expect(story?.when?.inCaseMs).toBe(10_500);
    }
  });

  it('quotes the whole promise from the YAML, with what is around it', () => {
    expect(failureStory(facts(timeline()))?.place).toMatchObject({ file: FILE, line: 7, col: 13 });
    expect(failureStory(facts(timeline()))?.place?.yaml).toEqual([
      { number: 5, text: '      - request: { url: "http://counter:8000/count" }', isPromise: false },
      { number: 6, text: '      - expect:', isPromise: false },
      { number: 7, text: '          - metric: counted_total', isPromise: true },
      { number: 8, text: '            of: counter', isPromise: true },
      { number: 9, text: '            increases-by: 1', isPromise: true },
      { number: 10, text: '      - wait: 1s', isPromise: false },
    ]);
  });

  it('keeps what happened within two seconds of the instant, in order, and nothing else', () => {
    const events = timeline([
      log(ZERO + 7_900, '{"level":"error","msg":"too early"}'),
      log(ZERO + 8_100, '{"level":"error","msg":"queue is full","depth":3}'),
      log(ZERO + 9_000, '{"level":"info","msg":"error free"}'),
      { type: 'service', atMs: ZERO + 9_500, service: 'counter', state: 'exited', exitCode: 7, restarts: 0 },
      { type: 'service', atMs: ZERO + 9_700, service: 'counter', state: 'starting', restarts: 1 },
      log(ZERO + 12_100, '{"level":"error","msg":"too late"}'),
    ]);
    expect(texts(events)).toEqual([
      'counter logs an error: queue is full depth=3',
      'counter exited, exit code 7',
      'counter starting, restart 1',
    ]);
    expect(failureStory(facts(events))?.meanwhile[0]).toMatchObject({
      inCaseMs: 8_100,
      offsetMs: -1_900,
      weight: 'bad',
    });
  });

  it('reads levels of loggers that number them, and errors in plain text', () => {
    expect(
      texts(
        timeline([
          log(ZERO + 9_000, '{"level":50,"time":1,"msg":"numbered"}'),
          log(ZERO + 9_100, 'Traceback (most recent call last):'),
          log(ZERO + 9_200, '{"level":30,"msg":"all is well"}'),
          log(ZERO + 9_300, 'listening'),
        ]),
      ),
    ).toEqual(['counter logs an error: numbered', 'counter logs an error: Traceback (most recent call last):']);
  });

  it('counts a line that is said again and again once, and keeps errors before warnings when there is much', () => {
    const many = Array.from({ length: 20 }, (_, index) =>
      log(ZERO + 9_000 + index, `{"level":"warn","msg":"w${index}"}`),
    );
    const story = failureStory(
      facts(timeline([...many, log(ZERO + 8_100, 'ERROR same'), log(ZERO + 8_200, 'ERROR same')])),
    );
    expect(story?.meanwhile[0]).toMatchObject({ text: 'counter logs an error: ERROR same', count: 2 });
    expect(story?.meanwhile).toHaveLength(12);
    expect(story?.leftOut).toBe(9);
  });

  it('says which faults were in force, however long ago they began, and tells of one asked for at that time', () => {
    const held = [fault(ZERO + 1_000, 'asked'), fault(ZERO + 1_010, 'injected'), fault(ZERO + 1_020, 'proven')];
    const story = failureStory(facts(timeline(held)));
    expect(story?.inForce).toEqual([{ title: 'cut a ↔ b', sinceMs: ZERO + 1_010, isProven: true }]);
    expect(story?.meanwhile).toEqual([]);
    const proofLater = failureStory(facts(timeline([...held.slice(0, 2), fault(ZERO + 10_100, 'proven')])));
    expect(proofLater?.inForce).toMatchObject([{ isProven: true }]);
    const over = failureStory(facts(timeline([...held, fault(ZERO + 9_000, 'reverted')])));
    expect(over?.inForce).toEqual([]);
    expect(over?.meanwhile.map(({ text }) => text)).toEqual(['cut a ↔ b reverted']);
  });

  it('does not tell of the clean-up after the verdict, nor of what came after the case', () => {
    expect(
      texts(
        timeline([
          fault(ZERO + 10_800, 'reverted'),
          { type: 'service', atMs: ZERO + 10_900, service: 'counter', state: 'stopped', restarts: 0 },
          log(ZERO + 11_500, 'ERROR of the next case'),
          log(ZERO + 10_700, 'ERROR still of this one'),
        ]),
      ),
    ).toEqual(['counter logs an error: ERROR still of this one']);
  });

  it('leaves out what another case did, though it was within two seconds', () => {
    const other = { case: 'another-case' };
    const events = timeline([
      { ...fault(ZERO - 600, 'asked'), ...other } as TimelineEvent,
      { ...fault(ZERO - 600, 'injected'), ...other } as TimelineEvent,
      { type: 'activity', atMs: ZERO - 500, ...other, name: 'camera', kind: 'publisher', state: 'ended' },
      log(ZERO - 900, 'ERROR before the case'),
      log(ZERO - 100, 'ERROR while services are brought back for it'),
      { type: 'service', atMs: ZERO - 100, service: 'counter', state: 'ready', restarts: 0 },
    ]);
    const early = { ...error, detail: { ...judgement, atMs: ZERO + 10 } };
    const story = failureStory(facts(events, { result: { ...facts([]).result, error: early } }));
    expect(story?.inForce).toEqual([]);
    expect(story?.meanwhile.map(({ text }) => text)).toEqual([
      'counter logs an error: ERROR while services are brought back for it',
    ]);
  });

  it('tells of services that were lost apart from what to do about it, with paths relative to the project', () => {
    const hint = `see ${ROOT}/reports/x.log · meanwhile: service counter exited with code 7`;
    const story = failureStory(facts(timeline(), { result: { ...facts([]).result, error: { ...error, hint } } }));
    expect(story).toMatchObject({ hint: 'see reports/x.log', losses: 'service counter exited with code 7' });
  });

  it('quotes the file that the place is in as the timeline has it, an included one too', () => {
    const included = { file: `${ROOT}/suites/shared.yaml`, text: 'a:\n  - metric: frames\n    of: worker\n' };
    const started: TimelineEvent = {
      type: 'suite-started',
      atMs: ZERO - 2_000,
      suite: 'tiny',
      file: `${ROOT}/${FILE}`,
      environment: '',
      runtime: 'embedded',
      cases: [],
      sources: [{ file: `${ROOT}/${FILE}`, text: TEXT }, included],
    };
    const there = { ...error, position: { file: included.file, line: 2, col: 5 } };
    const story = failureStory(
      facts([started, ...timeline()], { result: { ...facts([]).result, error: there }, text: undefined }),
    );
    expect(story?.place).toMatchObject({ file: 'suites/shared.yaml', line: 2 });
    expect(story?.place?.yaml.map(({ text, isPromise }) => [text, isPromise])).toEqual([
      ['a:', false],
      ['  - metric: frames', true],
      ['    of: worker', true],
    ]);
  });

  it('says where a case was when its time was over', () => {
    const timeout: ErrorRecord = {
      code: 'CASE_TIMEOUT',
      kind: 'inconclusive',
      message: 'the case did not end within its 1m',
      position: { ...position, line: 3, col: 5 },
    };
    const events = timeline(
      [{ type: 'step-progress', atMs: ZERO + 9_000, case: KASE, step: '1', waitingFor: 'ten frames', last: 3 }],
      timeout,
    );
    const story = failureStory(
      facts(events, { result: { ...facts([]).result, verdict: 'inconclusive', error: timeout } }),
    );
    expect(story?.promised).toBe('the case ends within 1m');
    expect(story?.seen).toBe('it was at “expect it to count” for 5s, waiting for ten frames (last 3)');
  });

  it('tells of an environment that did not come up, which has no case on the timeline', () => {
    const lost: ErrorRecord = { code: 'SERVICE_LOST', kind: 'inconclusive', message: 'counter exited with code 4' };
    const story = failureStory(
      facts(
        [
          { type: 'service', atMs: 500, service: 'counter', state: 'exited', exitCode: 4, restarts: 0 },
          log(450, 'Error: cannot open the vault'),
        ],
        { result: { ...facts([]).result, verdict: 'inconclusive', error: lost } },
      ),
    );
    expect(story).toMatchObject({ seen: 'counter exited with code 4', when: undefined });
    expect(story?.meanwhile.map(({ text }) => text)).toEqual([
      'counter logs an error: Error: cannot open the vault',
      'counter exited, exit code 4',
    ]);
  });

  it('gives the command that runs just this case, quoted for a shell', () => {
    const rerun = { command: 'npm run testcard --', runtime: 'compose' as const, overrides: ['my files/o.yaml'] };
    expect(failureStory(facts(timeline(), { rerun }))?.rerun).toBe(
      `npm run testcard -- run suites/a.suite.yaml --case 'it'\\''s counted' --runtime compose --override 'my files/o.yaml'`,
    );
  });

  it('names evidence by paths that are there', () => {
    const files = [`logs/counter.log`, `logs/other.log`, `${KASE}/output.flv`, 'another/output.flv'];
    const events = timeline([log(ZERO + 100, 'listening')]);
    const story = failureStory(facts(events, { files: files.map((path) => `reports/r/suites/a/${path}`) }));
    expect(story?.evidence).toEqual([
      { what: 'timeline', name: 'timeline', path: 'reports/r/suites/a/timeline.ndjson' },
      { what: 'log', name: 'counter.log', path: 'reports/r/suites/a/logs/counter.log' },
      { what: 'recording', name: 'output.flv', path: `reports/r/suites/a/${KASE}/output.flv` },
    ]);
  });

  it('has nothing to tell of a case that passed or was interrupted', () => {
    const { result } = facts([]);
    expect(failureStory(facts(timeline(), { result: { ...result, verdict: 'passed' } }))).toBeUndefined();
    const interrupted = { ...error, kind: 'interrupted' };
    expect(failureStory(facts(timeline(), { result: { ...result, error: interrupted } }))).toBeUndefined();
  });
});
