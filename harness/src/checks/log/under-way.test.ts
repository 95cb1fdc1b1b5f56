import { describe, expect, it } from 'vitest';
import { judge, observed, type Written } from './testing.ts';

const check = (peak: unknown, over: Record<string, unknown> = {}) => ({
  log: { of: 'worker' },
  'under-way': { from: { where: { msg: 'taken' } }, to: { where: { msg: 'done' } }, same: 'job', peak, ...over },
});
const taken = (at: number, job: string): Written => ({ at, msg: 'taken', job });
const done = (at: number, job: string): Written => ({ at, msg: 'done', job });
const two = [taken(1, 'a'), taken(2, 'b'), done(3, 'a'), taken(4, 'c'), done(5, 'b'), done(6, 'c')];

describe('under-way', () => {
  it('counts what has begun and not ended, at every line', () => {
    expect(judge(check({ 'at-most': 2 }), observed(two))).toMatchObject({
      verdict: 'passed',
      seen: 'saw 2 at once, at +2.0 s ("a", "b"); 3 beginnings, none of them still under way',
    });
    expect(judge(check({ 'at-most': 1 }), observed(two))).toMatchObject({
      verdict: 'failed',
      expected: 'log of worker: at most 1 under way at once, from msg "taken" to msg "done"',
      seen: 'saw 2 at once, at +2.0 s ("a", "b")',
      hopeless: expect.any(String),
    });
    expect(judge(check(2), observed(two)).verdict).toBe('passed');
    const three = judge(check(3), observed(two));
    expect([three.verdict, three.hopeless], 'three may still come').toEqual(['failed', undefined]);
  });

  it('ends only the one that is named, once', () => {
    const other = [taken(1, 'a'), taken(2, 'b'), done(3, 'x'), done(3, 'b'), done(3.5, 'b'), taken(4, 'c')];
    expect(judge(check({ 'at-most': 2 }), observed(other)).seen).toContain('3 beginnings, 2 of them still under way');
  });

  it('frees a place at the instant that another takes it, in the order the service wrote', () => {
    expect(judge(check({ 'at-most': 1 }), observed([taken(1, 'a'), done(2, 'a'), taken(2, 'b')])).verdict).toBe(
      'passed',
    );
    expect(judge(check({ 'at-most': 1 }), observed([taken(1, 'a'), taken(2, 'b'), done(2, 'a')])).verdict).toBe(
      'failed',
    );
  });

  it('follows things from one service to another', () => {
    const to = { of: 'store', where: { msg: 'stored' } };
    const store = [{ at: 3, msg: 'stored', job: 'a' }];
    const jobs = [taken(1, 'a'), taken(4, 'b')];
    expect(judge(check({ 'at-most': 1 }, { to, by: 't' }), observed(jobs, { store })).verdict).toBe('passed');
    expect(judge(check({ 'at-most': 1 }, { to, by: 't' }), observed(jobs)).verdict).toBe('failed');
  });

  it('cannot tell when nothing began, a line has no id, or lines were dropped', () => {
    expect(judge(check({ 'at-most': 9 }), observed([done(1, 'a')])).verdict).toBe('inconclusive');
    expect(judge(check({ 'at-most': 9 }), observed([{ at: 1, msg: 'taken' }]))).toMatchObject({
      verdict: 'inconclusive',
      seen: expect.stringContaining('the line at +1.0 s has no `job`'),
    });
    expect(judge(check({ 'at-most': 2 }), observed(two, {}, 1)).verdict).toBe('inconclusive');
    expect(judge(check({ 'at-most': 1 }), observed(two, {}, 1)).verdict, 'what was seen was seen').toBe('failed');
  });
});
