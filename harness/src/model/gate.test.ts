import { describe, expect, it } from 'vitest';
import { applyGate, decide, excuseOf, isBlocking, standingOf } from './gate.ts';
import { isExpired, type QuarantineEntry, quarantineProblem } from './quarantine.ts';
import type { Attempt, CaseResult, SuiteResult } from './results.ts';
import type { Priority } from './suite.ts';

const NOW = Date.parse('2026-05-10T12:00:00Z');

const caseOf = (over: Partial<CaseResult> = {}): CaseResult => ({
  case: 'one',
  title: 'one',
  priority: 'P1',
  tags: [],
  at: 'suites/a.suite.yaml:4',
  verdict: 'passed',
  elapsedMs: 1,
  figures: [],
  ...over,
});
const suiteOf = (cases: CaseResult[], over: Partial<SuiteResult> = {}): SuiteResult => ({
  suite: 'a',
  name: 'suite a',
  file: 'suites/a.suite.yaml',
  verdict: 'passed',
  elapsedMs: 1,
  cases,
  errors: [],
  ...over,
});
const entry = (over: Partial<QuarantineEntry> = {}): QuarantineEntry => ({
  suite: 'a',
  case: 'one',
  owner: 'media team',
  url: 'https://tracker.example/7',
  expires: '2026-05-31',
  reason: 'loses the last fragment',
  position: { file: '/p/quarantine.yaml', line: 3, col: 3 },
  ...over,
});
const attempt = (verdict: Attempt['verdict'], round: number): Attempt => ({
  round,
  retry: 0,
  verdict,
  elapsedMs: 1,
  folder: 'f',
});

function judge(
  cases: CaseResult[],
  {
    priorities,
    quarantine = [] as QuarantineEntry[],
    isInterrupted = false,
    errors = [] as SuiteResult['errors'],
  }: {
    priorities?: Priority[];
    quarantine?: QuarantineEntry[];
    isInterrupted?: boolean;
    errors?: SuiteResult['errors'];
  } = {},
) {
  const suites = applyGate([suiteOf(cases, { errors })], {
    priorities,
    quarantine,
    nowMs: NOW,
    placeOf: ({ position }) => `quarantine.yaml:${position.line}`,
  });
  return { ...decide({ suites, errors: [] }, { isInterrupted }), cases: suites[0]?.cases ?? [] };
}

const outside = { code: 'INTERNAL', kind: 'internal', message: 'worker crashed' };

describe('what a run comes to', () => {
  it.each([
    ['all passed', [caseOf()], 0],
    ['one failed', [caseOf(), caseOf({ verdict: 'failed' })], 1],
    ['one could not be judged', [caseOf(), caseOf({ verdict: 'inconclusive' })], 3],
    [
      'a failed one decides over one that could not be judged',
      [caseOf({ verdict: 'inconclusive' }), caseOf({ verdict: 'failed' })],
      1,
    ],
    ['all skipped shows nothing', [caseOf({ verdict: 'skipped' })], 3],
    ['no case shows nothing', [], 3],
  ])('%s', (_what, cases, exitCode) => {
    expect(judge(cases)).toMatchObject({ exitCode });
  });

  it('is interrupted, whatever the cases came to', () => {
    expect(judge([caseOf()], { isInterrupted: true })).toMatchObject({ verdict: 'inconclusive', exitCode: 130 });
    expect(judge([caseOf({ verdict: 'failed' })], { isInterrupted: true })).toMatchObject({
      verdict: 'failed',
      exitCode: 130,
    });
  });
});

describe('priorities that gate', () => {
  it('lets the others fail without blocking, and says so', () => {
    const { exitCode, verdict, cases } = judge([caseOf(), caseOf({ priority: 'P3', verdict: 'failed' })], {
      priorities: ['P1', 'P2'],
    });
    expect({ exitCode, verdict }).toEqual({ exitCode: 0, verdict: 'passed' });
    expect(cases.map(excuseOf)).toEqual([undefined, 'not gating (P3)']);
  });

  it('blocks on a failed case of theirs', () => {
    expect(judge([caseOf({ verdict: 'failed' }), caseOf({ priority: 'P3' })], { priorities: ['P1'] })).toMatchObject({
      exitCode: 1,
    });
  });

  it('excuses problems outside cases only where no case of the suite gates', () => {
    expect(judge([caseOf({ priority: 'P3' })], { priorities: ['P1'], errors: [outside] })).toMatchObject({
      exitCode: 0,
    });
    expect(judge([caseOf({ priority: 'P3' }), caseOf()], { priorities: ['P1'], errors: [outside] })).toMatchObject({
      exitCode: 3,
    });
  });

  it('is not green when all it has are excused cases that could not be judged', () => {
    expect(judge([caseOf({ priority: 'P3', verdict: 'inconclusive' })], { priorities: ['P1'] })).toMatchObject({
      exitCode: 3,
    });
  });
});

describe('a quarantined case', () => {
  it('does not block while it fails, and says who answers for it', () => {
    const { exitCode, cases } = judge([caseOf({ verdict: 'failed' })], { quarantine: [entry()] });
    expect(exitCode).toBe(0);
    expect(cases.map(excuseOf)).toEqual([
      'quarantined until 2026-05-31 by media team: loses the last fragment (https://tracker.example/7)',
    ]);
  });

  it('must still fail: one that passes blocks, with the entry to remove', () => {
    const { exitCode, cases } = judge([caseOf()], { quarantine: [entry()] });
    expect(exitCode).toBe(1);
    expect(cases[0]?.quarantine && quarantineProblem(cases[0].quarantine)).toContain(
      'remove the entry at quarantine.yaml:3',
    );
    expect(cases.map(isBlocking)).toEqual([true]);
  });

  it('may pass some of its rounds, or when it is tried again: that is what it is quarantined for', () => {
    const flaky = caseOf({ attempts: [attempt('failed', 1), attempt('passed', 2)] });
    expect(judge([flaky], { quarantine: [entry()] })).toMatchObject({ exitCode: 0 });
    const always = caseOf({ attempts: [attempt('passed', 1), attempt('passed', 2)] });
    expect(judge([always], { quarantine: [entry()] })).toMatchObject({ exitCode: 1 });
  });

  it('blocks once the entry has expired, whatever it comes to', () => {
    const quarantine = [entry({ expires: '2026-05-09' })];
    for (const verdict of ['failed', 'inconclusive', 'passed'] as const) {
      const { exitCode, cases } = judge([caseOf({ verdict })], { quarantine });
      expect(exitCode).toBe(1);
      expect(cases[0]?.quarantine && quarantineProblem(cases[0].quarantine)).toContain('expired on 2026-05-09');
    }
  });

  it('shows nothing of its entry when it was skipped or interrupted', () => {
    const interrupted = caseOf({
      verdict: 'inconclusive',
      error: { code: 'INTERRUPTED', kind: 'interrupted', message: '' },
    });
    const { cases } = judge([caseOf({ verdict: 'skipped' }), interrupted], { quarantine: [entry()] });
    expect(cases.map(({ quarantine }) => quarantine)).toEqual([undefined, undefined]);
  });

  it('excuses no case of the same name in another suite', () => {
    expect(judge([caseOf({ verdict: 'failed' })], { quarantine: [entry({ suite: 'b' })] })).toMatchObject({
      exitCode: 1,
    });
  });
});

describe('standingOf', () => {
  it('says why a case does not block, or blocks although it passed, and nothing where its verdict says all', () => {
    const of = (over: Partial<CaseResult>, quarantine = [entry()]) =>
      standingOf(judge([caseOf(over)], { quarantine, priorities: ['P1'] }).cases[0] ?? caseOf());
    expect(of({ verdict: 'failed' })).toMatchObject({
      blocks: false,
      text: expect.stringContaining('quarantined until'),
    });
    expect(of({})).toMatchObject({ blocks: true, text: expect.stringContaining('remove the entry') });
    expect(of({ verdict: 'failed', priority: 'P3' }, [])).toEqual({ blocks: false, text: 'not gating (P3)' });
    expect(of({ verdict: 'failed' }, [])).toBeUndefined();
    expect(of({ priority: 'P3' }, [])).toBeUndefined();
  });
});

describe('isExpired', () => {
  it('holds through the last day, UTC', () => {
    expect(isExpired({ expires: '2026-05-10' }, Date.parse('2026-05-10T23:59:59Z'))).toBe(false);
    expect(isExpired({ expires: '2026-05-10' }, Date.parse('2026-05-11T00:00:00Z'))).toBe(true);
  });
});
