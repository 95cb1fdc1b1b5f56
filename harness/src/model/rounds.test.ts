import { describe, expect, it } from 'vitest';
import type { CaseResult, SuiteResult } from './results.ts';
import { combinePasses, isFlaky, type Pass } from './rounds.ts';
import type { Verdict } from './verdict.ts';

type Outcome = Verdict | 'skipped' | 'interrupted';

function result(id: string, outcome: Outcome, elapsedMs = 1_000): CaseResult {
  const verdict = outcome === 'interrupted' ? 'inconclusive' : outcome;
  const kind = outcome === 'interrupted' ? 'interrupted' : 'failed';
  const error = { code: outcome === 'failed' ? 'CHECK_FAILED' : 'OTHER', kind, message: `${id} ${outcome}` };
  return {
    case: id,
    title: id,
    priority: 'P1',
    tags: [],
    at: 'a:1',
    verdict,
    elapsedMs,
    figures: [],
    ...(outcome === 'passed' || outcome === 'skipped' ? {} : { error }),
  };
}

function pass(round: number, retry: number, cases: CaseResult[], over: Partial<SuiteResult> = {}): Pass {
  const suite = {
    suite: 's',
    name: 'S',
    file: 's.suite.yaml',
    verdict: 'passed' as const,
    elapsedMs: 5_000,
    errors: [],
  };
  return { round, retry, folder: `reports/r/round-${round}`, suites: [{ ...suite, cases, ...over }], errors: [] };
}

const rounds = (...outcomes: Outcome[]) => outcomes.map((outcome, index) => pass(index + 1, 0, [result('a', outcome)]));

function combined(passes: Pass[], minPass = 1) {
  const { suites, errors } = combinePasses(passes, { minPass });
  const [suite] = suites;
  const [kase] = suite?.cases ?? [];
  if (!suite || !kase) throw new Error('no case');
  return { suite, kase, errors };
}

describe('what a case comes to over rounds', () => {
  it('passes when it passed in each, and keeps every attempt', () => {
    const { kase, suite } = combined(rounds('passed', 'passed'));
    expect(kase.verdict).toBe('passed');
    expect(kase.attempts).toMatchObject([
      { round: 1, retry: 0, verdict: 'passed', folder: 'reports/r/round-1/suites/s/a' },
      { round: 2, retry: 0, verdict: 'passed' },
    ]);
    expect(isFlaky(kase)).toBe(false);
    expect(suite).toMatchObject({ verdict: 'passed', elapsedMs: 10_000 });
  });

  it.each<[Outcome[], number, Verdict]>([
    [['passed', 'failed'], 1, 'failed'],
    [['passed', 'failed'], 0.5, 'passed'],
    [['passed', 'inconclusive'], 1, 'inconclusive'],
    [['inconclusive', 'failed', 'passed'], 0.5, 'failed'],
    [['passed', 'inconclusive', 'inconclusive'], 0.34, 'inconclusive'],
    [[...Array<Outcome>(19).fill('passed'), 'failed'], 0.95, 'passed'],
    [[...Array<Outcome>(18).fill('passed'), 'inconclusive', 'failed'], 0.95, 'failed'],
  ])('%j against at least %d: %s', (outcomes, minPass, verdict) => {
    const { kase, suite } = combined(rounds(...outcomes), minPass);
    expect(kase.verdict).toBe(verdict);
    expect(suite.verdict).toBe(verdict);
    expect(isFlaky(kase)).toBe(true);
  });

  it('shows the first attempt that ended as the whole did, or a passed one without its errors', () => {
    expect(combined(rounds('passed', 'inconclusive', 'failed')).kase.error?.message).toBe('a failed');
    expect(combined(rounds('failed', 'passed'), 0.5).kase).not.toHaveProperty('error');
    const passes = [pass(1, 0, [result('a', 'passed', 1)]), pass(2, 0, [result('a', 'passed', 2)])];
    expect(combined(passes).kase.elapsedMs).toBe(2); // the latest
  });

  it('lets the last attempt of a round decide it, and calls what needed one flaky', () => {
    const { kase } = combined([
      pass(1, 0, [result('a', 'failed')]),
      pass(1, 1, [result('a', 'passed')]),
      pass(2, 0, [result('a', 'passed')]),
    ]);
    expect(kase.verdict).toBe('passed');
    expect(kase.attempts?.map(({ round, retry, verdict }) => [round, retry, verdict])).toEqual([
      [1, 0, 'failed'],
      [1, 1, 'passed'],
      [2, 0, 'passed'],
    ]);
    expect(isFlaky(kase)).toBe(true);
  });

  it('does not count what was interrupted', () => {
    expect(combined(rounds('passed', 'interrupted')).kase).toMatchObject({
      verdict: 'passed',
      attempts: [{ round: 1 }],
    });
    expect(combined(rounds('interrupted')).kase).not.toHaveProperty('attempts');
  });

  it('leaves a skipped case skipped, without attempts', () => {
    const { kase, suite } = combined(rounds('skipped', 'skipped'));
    expect(kase.verdict).toBe('skipped');
    expect(kase).not.toHaveProperty('attempts');
    expect(suite.verdict).toBe('passed');
  });
});

it('excuses no problem outside the cases, and says in which round it was', () => {
  const error = { code: 'CLEANUP_FAILED', kind: 'inconclusive', message: 'did not come down' };
  const { suite, errors } = combined(
    [
      pass(1, 0, [result('a', 'passed')]),
      { ...pass(2, 1, [result('a', 'passed')], { errors: [error] }), errors: [error] },
    ],
    0.5,
  );
  expect(suite.verdict).toBe('inconclusive');
  expect(suite.errors).toMatchObject([{ message: 'round 2, retry 1: did not come down' }]);
  expect(errors).toMatchObject([{ message: 'round 2, retry 1: did not come down' }]);
});
