import { describe, expect, it } from 'vitest';
import { judge, observed, type Written } from './testing.ts';

const open = { of: 'gate', where: { state: 'open' } };
const shut = { of: 'gate', where: { state: 'shut' } };
const none = { log: { of: 'worker', where: { job: true } }, count: 0, between: { from: shut, to: open, by: 't' } };
const gate: Written[] = [
  { at: 10, state: 'shut' },
  { at: 20, state: 'open' },
  { at: 30, state: 'shut' },
  { at: 40, state: 'open' },
];
const job = (at: number): Written => ({ at, job: true });

describe('between', () => {
  it('judges each stretch by itself, and nothing outside of them', () => {
    expect(judge(none, observed([job(9), job(25), job(41)], { gate }))).toMatchObject({
      verdict: 'passed',
      expected: 'log of worker with job true: no line, between state "shut" (of gate) and state "open" (of gate)',
      seen: 'stretch 1 of 2, +10.0 s to +20.0 s: saw 0 lines of 0; stretch 2 of 2, +30.0 s to +40.0 s: saw 0 lines of 0',
    });
    expect(judge(none, observed([job(9), job(35)], { gate }))).toMatchObject({
      verdict: 'failed',
      seen: expect.stringMatching(/^stretch 2 of 2, \+30.0 s to \+40.0 s: saw 1 line of 1, it came at \+35.0 s/),
      hopeless: expect.any(String),
    });
    const once = { ...none, count: 1 };
    expect(judge(once, observed([job(12), job(31)], { gate })).verdict).toBe('passed');
    expect(judge(once, observed([job(12), job(13)], { gate })).verdict, 'two in one, none in the other').toBe('failed');
    expect(judge(once, observed([job(31)], { gate })).seen).toContain('stretch 1 of 2');
  });

  it('holds the line that begins a stretch, not the one that ends it', () => {
    const once = { ...none, count: 1 };
    expect(judge(once, observed([job(10), job(30)], { gate })).verdict).toBe('passed');
    expect(judge(none, observed([job(20), job(40)], { gate })).verdict).toBe('passed');
  });

  it('goes on to the end when the stretch has not ended, and takes a second beginning for the same stretch', () => {
    const half: Written[] = [
      { at: 10, state: 'shut' },
      { at: 12, state: 'shut' },
    ];
    expect(judge({ ...none, count: 1 }, observed([job(11)], { gate: half }))).toMatchObject({
      verdict: 'passed',
      seen: 'stretch 1 of 1, +10.0 s to now: saw 1 line of 1',
    });
  });

  it('compares by the time that the lines tell, or else by when they were read', () => {
    const { by: _, ...read } = none.between;
    const late = { ...job(35), t: 1_700_000_025 };
    expect(judge(none, observed([late], { gate })).verdict).toBe('passed');
    expect(judge({ ...none, between: read }, observed([late], { gate })).verdict).toBe('failed');
    expect(judge(none, observed([{ ...job(35), t: 'soon' }], { gate }))).toMatchObject({
      verdict: 'inconclusive',
      seen: expect.stringContaining('has no time in `t` ("soon")'),
    });
  });

  it('is inconclusive without any stretch, and holds to a number of them where one is given', () => {
    const times = (count: unknown) => ({ ...none, between: { ...none.between, times: count } });
    expect(judge(none, observed([job(1)])).verdict).toBe('inconclusive');
    expect(judge(times(2), observed([], { gate })).verdict).toBe('passed');
    expect(judge(times(0), observed([])).verdict).toBe('passed');
    expect(judge(times(1), observed([], { gate }))).toMatchObject({
      verdict: 'failed',
      seen: 'saw 2 stretches between state "shut" (of gate) and state "open" (of gate), exactly 1 times',
      hopeless: expect.any(String),
    });
    const more = judge(times(3), observed([], { gate }));
    expect([more.verdict, more.hopeless]).toEqual(['failed', undefined]);
    expect(judge(times(3), observed([], { gate }, 1)).verdict, 'lines were dropped').toBe('inconclusive');
    expect(judge(none, observed([], { gate }, 1)).verdict).toBe('inconclusive');
  });
});
