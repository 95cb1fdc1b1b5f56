import { expect, it } from 'vitest';
import type { Attempt, CaseResult, RunResult } from '../model/results.ts';
import type { Verdict } from '../model/verdict.ts';
import { renderFlakeTable } from './flake-table.ts';

const attempt = (round: number, verdict: Verdict, message = '', over: Partial<Attempt> = {}): Attempt => ({
  round,
  retry: 0,
  verdict,
  elapsedMs: round * 1_000,
  folder: 'f',
  ...(verdict === 'passed' ? {} : { error: { code: message.split(' ')[0] ?? '', kind: verdict, message } }),
  ...over,
});

function table(attempts: Attempt[] | undefined, over: Partial<CaseResult> = {}): string {
  const kase: CaseResult = {
    case: 'a',
    title: 'holds',
    priority: 'P1',
    tags: [],
    at: 'a:1',
    verdict: 'passed',
    elapsedMs: 0,
    figures: [],
    ...(attempts ? { attempts } : {}),
    ...over,
  };
  const run = {
    suites: [{ suite: 's', name: 'S', file: 'f', verdict: 'passed', elapsedMs: 0, cases: [kase], errors: [] }],
    repeat: { rounds: 4, minPass: 0.95, retry: 1, roundsMs: [1_000, 4_000, 2_000] },
  } as unknown as RunResult; // only what the table reads
  return renderFlakeTable(run, false);
}

it('counts rounds by verdict, with the bounds of the share and the times of all attempts', () => {
  const text = table([
    attempt(1, 'passed'),
    attempt(2, 'failed', 'LOST one'),
    attempt(3, 'inconclusive', 'DOWN was'),
    attempt(4, 'passed'),
  ]);
  expect(text).toMatch(/\? S › holds · flaky|✓ S › holds · flaky/);
  expect(text).toMatch(/2 of 4 +│ +1 │ +1 │ 50 % \(15 % to 85 %\) │ +2\.5s │ +4s/);
  expect(text).toContain('3 of 4 rounds · a round: median 2s, max 4s · a case must pass in 95 % of its rounds');
});

it('shows the first message of each way of going wrong, with all its rounds', () => {
  const text = table([
    attempt(1, 'failed', 'LOST first'),
    attempt(2, 'failed', 'LOST second'),
    attempt(3, 'failed', 'LATE third'),
    attempt(4, 'inconclusive', 'LOST fourth'),
  ]);
  expect(text).toContain('failed in round 1, round 2: LOST first');
  expect(text).not.toContain('second');
  expect(text).toContain('failed in round 3: LATE third');
  expect(text).toContain('inconclusive in round 4: LOST fourth');
  expect(text).not.toContain('flaky');
});

it('names every retry, also of a case that passed in each round', () => {
  const text = table([
    attempt(1, 'failed', 'LOST one'),
    attempt(1, 'passed', '', { retry: 1 }),
    attempt(2, 'failed', 'LOST two'),
    attempt(2, 'passed', '', { retry: 1 }),
  ]);
  expect(text).toContain('2 of 2');
  expect(text).toContain('· flaky');
  expect(text).toContain('failed in round 1, round 2: LOST one');
  expect(text).toContain('tried again in round 1: failed → passed');
  expect(text).toContain('tried again in round 2: failed → passed');
});

it('is not there for a run of which no case could run twice', () => expect(table(undefined)).toBe(''));
