import { describe, expect, it } from 'vitest';
import type { CaseResult, RunResult } from '../model/results.ts';
import { ASCII } from './chars.ts';
import type { FailureStory } from './failure-story.ts';
import { renderSummary } from './summary.ts';
import { everything } from './testing/results.ts';

const STORY: FailureStory = {
  suite: 'tiny',
  case: 'it-counts',
  title: 'it counts',
  verdict: 'failed',
  code: 'CHECK_FAILED',
  promised: 'metric counted_total of counter: increases by exactly 1',
  seen: 'increased by 0',
  looked: 'looked 34 times in 5s; it had not changed for 5s',
  place: {
    file: 'suites/a.suite.yaml',
    line: 7,
    col: 13,
    yaml: [
      { number: 9, text: '      - expect:', isPromise: false },
      { number: 10, text: '          - metric: counted_total', isPromise: true },
    ],
  },
  when: { atMs: 10_000, inCaseMs: 10_000, judgedInCaseMs: 64_000 },
  step: { id: '3.0', title: 'expect it to count', elapsedMs: 5_000, startedInCaseMs: 5_500 },
  also: [{ promised: 'service counter: state ready', seen: 'exited' }],
  inForce: [{ title: 'cut a ↔ b', sinceMs: 1_000, isProven: true }],
  meanwhile: [
    {
      atMs: 8_100,
      inCaseMs: 8_100,
      offsetMs: -1_900,
      kind: 'log',
      weight: 'bad',
      text: 'counter logs an error: queue is full',
      count: 3,
    },
    {
      atMs: 10_020,
      inCaseMs: 10_020,
      offsetMs: 20,
      kind: 'service',
      weight: 'bad',
      text: 'counter exited, exit code 7',
      count: 1,
    },
  ],
  leftOut: 2,
  losses: 'service counter exited with code 7',
  hint: 'look there',
  evidence: [
    { what: 'timeline', name: 'timeline', path: 'reports/r/suites/a/timeline.ndjson' },
    { what: 'log', name: 'x.log', path: 'reports/r/suites/a/logs/x.log' },
    { what: 'log', name: 'y.log', path: 'reports/r/suites/a/logs/y.log' },
  ],
  rerun: `testcard run suites/a.suite.yaml --case 'it counts'`,
};

const kase = (more: Partial<CaseResult> = {}): CaseResult => ({
  case: 'it-counts',
  title: 'it counts',
  priority: 'P1',
  tags: [],
  at: 'suites/a.suite.yaml:3',
  verdict: 'failed',
  elapsedMs: 1_000,
  figures: [],
  error: { code: 'CHECK_FAILED', kind: 'failed', message: `${STORY.promised} — ${STORY.seen}` },
  ...more,
});

const run = (cases: CaseResult[], more: Partial<RunResult> = {}): RunResult => ({
  run: 'r',
  folder: 'reports/r',
  command: 'testcard run',
  startedAtMs: 0,
  elapsedMs: 61_000,
  verdict: 'failed',
  exitCode: 1,
  suites: [
    { suite: 'a', name: 'tiny', file: 'suites/a.suite.yaml', verdict: 'failed', elapsedMs: 1, cases, errors: [] },
  ],
  errors: [],
  ...more,
});

const stories = new Map([['a/it-counts', STORY]]);

describe('the summary', () => {
  it('tells a failure: promise, sight, moment, YAML, faults in force, what else happened, evidence, and the command', () => {
    expect(renderSummary(run([kase()]), { stories }).split('\n')).toEqual([
      '',
      'FAILED tiny › it counts',
      '  promised    metric counted_total of counter: increases by exactly 1',
      '  seen        increased by 0',
      '              looked 34 times in 5s; it had not changed for 5s',
      '  when        +10.0 s into the case, judged at +64.0 s, in step 4.1 “expect it to count” (5s)',
      '  at          suites/a.suite.yaml:7:13',
      '     9 |       - expect:',
      '  > 10 |           - metric: counted_total',
      '  also        service counter: state ready — exited',
      '  in force    cut a ↔ b, since +1.0 s',
      '  meanwhile   +8.1 s, 1.9 s before: counter logs an error: queue is full (3 times)',
      '              +10.0 s, just then: counter exited, exit code 7',
      '              and 2 more within 2 s',
      '  services    service counter exited with code 7',
      '  hint        look there',
      '  evidence    reports/r/suites/a/logs/{x,y}.log',
      '              reports/r/suites/a/timeline.ndjson',
      "  run again   testcard run suites/a.suite.yaml --case 'it counts'",
      '',
      '✗ tiny › it counts · metric counted_total of counter: increases by exactly 1 — increased by 0',
      'FAILED 0 passed, 1 failed, 0 inconclusive in 1m1s, exit code 1 · report reports/r',
    ]);
  });

  it('ends with one line that has the verdict and the report, after a line a case that did not pass', () => {
    const cases = [
      kase(),
      kase({ case: 'b', title: 'b', verdict: 'inconclusive' }),
      kase({ case: 'c', verdict: 'passed' }),
    ];
    const lines = renderSummary(run(cases), { stories, report: 'reports/r/report.html' }).split('\n');
    expect(lines.slice(-3)).toEqual([
      expect.stringMatching(/^✗ tiny › it counts/),
      expect.stringMatching(/^\? tiny › b/),
      'FAILED 1 passed, 1 failed, 1 inconclusive in 1m1s, exit code 1 · report reports/r/report.html',
    ]);
  });

  it('says that nothing else happened rather than nothing', () => {
    const calm = { ...STORY, meanwhile: [], leftOut: 0 };
    const text = renderSummary(run([kase()]), { stories: new Map([['a/it-counts', calm]]) });
    expect(text).toContain('meanwhile   nothing else within 2 s: no fault, no error in a log');
  });

  it('wraps words to the width, and never the command that is there to be copied', () => {
    const lines = renderSummary(run([kase()]), { stories, columns: 44 }).split('\n');
    expect(lines).toContain('  promised    metric counted_total of');
    expect(lines).toContain('              counter: increases by exactly');
    expect(lines).toContain("  run again   testcard run suites/a.suite.yaml --case 'it counts'");
  });

  it('tells an environment that did not come up once for all cases of its suite', () => {
    const lost = { ...STORY, when: undefined, seen: 'counter exited with code 4' };
    const cases = ['a', 'b', 'c'].map((id) => kase({ case: id, title: id, verdict: 'inconclusive' }));
    const text = renderSummary(run(cases), { stories: new Map(cases.map((each) => [`a/${each.case}`, lost])) });
    expect(text.match(/counter exited with code 4/g)).toHaveLength(1);
    expect(text).toContain('and 2 more of tiny for the same reason');
  });

  it('has figures, but not for those who asked for quiet', () => {
    const figures = [
      { name: 'output · lost', value: '0 of 1800', promised: 'no frame lost', verdict: 'passed' as const },
    ];
    const passed = run([kase({ verdict: 'passed', figures })], { verdict: 'passed', exitCode: 0 });
    expect(renderSummary(passed)).toMatch(/output · lost .*0 of 1800 .*no frame lost/);
    expect(renderSummary(passed, { columns: 60 })).toContain('\ntiny › it counts\n  ✓ output · lost: 0 of 1800\n');
    expect(renderSummary(passed, { quiet: true, notices: ['▲ slow'] })).toBe(
      '\nPASSED 1 passed, 0 failed, 0 inconclusive in 1m1s, exit code 0 · report reports/r',
    );
  });

  it('repeats notices of slow steps, which have scrolled away by then', () => {
    expect(renderSummary(run([kase()]), { notices: ['▲ slow: a: b took 12.1 s'] })).toContain(
      '\n▲ slow: a: b took 12.1 s\n',
    );
  });

  it('is ASCII alone where the terminal knows nothing else', () => {
    const figures = [{ name: 'ü ≥ 3', value: '± 5', promised: '…', verdict: 'passed' as const }];
    const text = renderSummary(run([kase({ figures })]), { stories, chars: ASCII, notices: ['→ x'] });
    expect(text.replaceAll('\n', '')).toMatch(/^[ -~]*$/);
    expect(text).toContain('u >= 3');
  });
});

describe('the gate and the quarantine list in the summary', () => {
  const text = renderSummary(everything(), { columns: 300 });

  it('say beside what did not pass why it does not block', () => {
    expect(text).toMatch(/known to fail\n(?:.*\n)*? +does not block: quarantined until 2026-05-31 by media team/);
    expect(text).toMatch(/minor\n(?:.*\n)*? +does not block: not gating \(P3\)/);
    expect(text).toContain('5 failed, 1 inconclusive, 1 skipped, 1 flaky, 2 of them not blocking');
  });

  it('name a case that passed although it is quarantined, and a quarantine that has expired', () => {
    expect(text).toMatch(/FAILED suite a › repaired\n +passed every time although it is quarantined: remove the entry/);
    expect(text).toMatch(/✗ suite a › repaired · passed every time/);
    expect(text).toMatch(/✗ suite a › late · its quarantine expired on 2026-05-31/);
  });
});
