import { describe, expect, it } from 'vitest';
import { judge, observed, type Written } from './testing.ts';

const check = (lines: unknown[], over: Record<string, unknown> = {}) => ({
  log: { of: 'worker', where: { msg: 'taken' } },
  'followed-by': { same: 'job', lines, ...over },
});
const line = (at: number, msg: string, job: string, more: object = {}): Written => ({ at, msg, job, ...more });
const started = { where: { msg: 'started' } };
const done = { where: { msg: 'done' } };
const good = [
  line(1, 'taken', 'a'),
  line(2, 'started', 'a'),
  line(3, 'taken', 'b'),
  line(4, 'done', 'a'),
  line(5, 'started', 'b'),
  line(6, 'done', 'b'),
];
const without = (...gone: number[]) => good.filter((_, index) => !gone.includes(index));

describe('followed-by', () => {
  it('finds what follows each line, about the same thing', () => {
    expect(judge(check([started, done]), observed(good))).toMatchObject({
      verdict: 'passed',
      expected: 'log of worker with msg "taken": each followed by msg "started", then msg "done", with the same job',
      seen: 'saw it for 2 lines',
    });
  });

  it.each([
    [
      'missing',
      without(5),
      'the line at +3.0 s (job "b") was followed by 0 lines with msg "done" instead of exactly 1',
    ],
    ['twice', [...good, line(7, 'done', 'a')], 'was followed by 2 lines with msg "done" instead of exactly 1'],
    ['about another', [...without(3), line(7, 'done', 'c')], '(job "a") was followed by 0 lines with msg "done"'],
    ['before it', [line(0.5, 'done', 'b'), ...without(5)], '0 lines with msg "done" (and 1 before it) instead'],
    ['out of order', [...without(4), line(7, 'started', 'b')], 'followed by msg "done" too early, 1s before'],
    [
      'for more than one',
      without(3, 5),
      '(job "a") was followed by 0 lines with msg "done" instead of exactly 1; so are 1 more of 2 wrong',
    ],
  ])('rejects what is %s', (_, lines, words) => {
    const judged = judge(check([started, done]), observed(lines));
    expect(judged.verdict).toBe('failed');
    expect(judged.seen).toContain(words);
  });

  it('holds a follower to a number and to a time', () => {
    const jobs = [line(1, 'taken', 'a'), line(2, 'retry', 'a'), line(3, 'retry', 'a'), line(4, 'done', 'a')];
    const retried = (count: unknown) => check([{ where: { msg: 'retry' }, count }, done]);
    expect(judge(retried(2), observed(jobs)).verdict).toBe('passed');
    expect(judge(retried({ 'at-most': 1 }), observed(jobs)).verdict).toBe('failed');
    expect(judge(check([{ where: { msg: 'lost' }, count: 0 }]), observed(jobs)).verdict).toBe('passed');
    expect(judge(check([{ ...done, after: '3s' }]), observed(jobs)).verdict).toBe('passed');
    expect(judge(check([{ ...done, after: '2s' }]), observed(jobs)).seen).toContain('after 3s instead of at most 2s');
    const about = (equals: string) => check([{ ...done, after: { equals, tolerance: '20%' } }]);
    expect(judge(about('2.6s'), observed(jobs)).verdict).toBe('passed');
    expect(judge(about('4s'), observed(jobs)).verdict).toBe('failed');
  });

  it('does not take a line for one that follows it', () => {
    const any = check([{ where: { job: 'a' } }]);
    expect(judge(any, observed([line(1, 'taken', 'a'), line(2, 'done', 'a')])).verdict).toBe('passed');
    expect(judge(any, observed([line(1, 'taken', 'a')])).verdict).toBe('failed');
  });

  it('takes lines for the same thing only when all fields agree', () => {
    const both = { same: ['job', 'n'] };
    const jobs = [line(1, 'taken', 'a', { n: 1 }), line(2, 'done', 'a', { n: 2 })];
    expect(judge(check([done]), observed(jobs)).verdict).toBe('passed');
    expect(judge(check([done], both), observed(jobs)).seen).toContain('(job "a", n 1) was followed by 0 lines');
  });

  it('follows a thing to another service', () => {
    const stored = { of: 'store', where: { msg: 'stored' } };
    const jobs = [line(1, 'taken', 'a')];
    expect(judge(check([stored], { by: 't' }), observed(jobs, { store: [line(2, 'stored', 'a')] })).verdict).toBe(
      'passed',
    );
    expect(judge(check([stored], { by: 't' }), observed(jobs, { store: [line(0, 'stored', 'a')] })).verdict).toBe(
      'failed',
    );
    expect(judge(check([stored]), observed(jobs, { store: [] })).seen).toContain('msg "stored" (of store)');
  });

  it('cannot tell without a line to follow, without an id, or with lines dropped', () => {
    expect(judge(check([done]), observed([line(1, 'done', 'a')])).verdict).toBe('inconclusive');
    expect(judge(check([done]), observed([{ at: 1, msg: 'taken' }])).seen).toContain('has no `job`');
    expect(judge(check([started, done]), observed(good, {}, 1)).verdict).toBe('inconclusive');
  });
});
