import { describe, expect, test } from 'vitest';
import type { Mutant, Trial } from './mutant.ts';
import { parseRunResult, type RunResult } from './run-result.ts';
import { isWanted, judge } from './verdict.ts';

const trial: Trial = {
  name: 'true-log',
  defect: 'none',
  service: 'media-service',
  against: { suite: 'a' },
  seconds: 1,
  make: () => ({}),
};
const mutant: Mutant = { ...trial, name: 'late', killedBy: { check: /sync within/ } };

const failed = (message: string) => ({ kind: 'failed', message });

function run(verdict: 'passed' | 'failed' | 'inconclusive', ...errors: { kind: string; message: string }[]): RunResult {
  const [error, ...moreErrors] = errors.map((each) => ({ ...each }));
  return {
    folder: 'reports/1',
    verdict,
    suites: [{ name: 'a', errors: [], cases: [{ title: 'c', verdict, ...(error ? { error } : {}), moreErrors }] }],
    errors: [],
  };
}

describe('a mutant', () => {
  test('is killed when the check that is there for it fails, alone or among others', () => {
    expect(judge(mutant, run('failed', failed('sync within 60 ms — 80 ms'))).verdict).toBe('killed');
    const both = run('failed', failed('no frame lost — lost 3'), failed('sync within 60 ms — 80 ms'));
    expect(judge(mutant, both)).toEqual({
      verdict: 'killed',
      broken: ['c: no frame lost — lost 3', 'c: sync within 60 ms — 80 ms'],
    });
  });

  test('is killed by another when something else fails', () => {
    expect(judge(mutant, run('failed', failed('no frame lost — lost 3'))).verdict).toBe('killed by another');
  });

  test('is not killed by a check that only quotes the words in what it saw', () => {
    const quoting = run('failed', failed('log of x: no line — saw "sync within 60 ms — broken"'));
    expect(judge(mutant, quoting).verdict).toBe('killed by another');
  });

  test('is killed only by the part of a promise that is meant, when that is named', () => {
    const strict: Mutant = { ...mutant, killedBy: { check: /sync/, seen: /drift/ } };
    expect(judge(strict, run('failed', failed('sync — offset'))).verdict).toBe('killed by another');
    expect(judge(strict, run('failed', failed('sync — drift 300 ppm'))).verdict).toBe('killed');
  });

  test('survives when every promise held', () => {
    expect(judge(mutant, run('passed')).verdict).toBe('survived');
  });

  test('is inconclusive when Testcard could not tell, even by the right check', () => {
    const unsure = run('inconclusive', { kind: 'inconclusive', message: 'sync within 60 ms — no data' });
    expect(judge(mutant, unsure)).toEqual({
      verdict: 'inconclusive',
      broken: ['c: (inconclusive) sync within 60 ms — no data'],
    });
    expect(judge(mutant, undefined).verdict).toBe('inconclusive');
    expect(judge(mutant, { ...run('passed'), suites: [] }).verdict).toBe('inconclusive');
  });

  test('shows what went wrong outside cases', () => {
    const lost = { ...run('inconclusive'), errors: [{ kind: 'internal', message: 'a worker crashed' }] };
    expect(judge(mutant, lost)).toEqual({ verdict: 'inconclusive', broken: ['run: (internal) a worker crashed'] });
  });
});

describe('the true pipeline', () => {
  test('is green, a false alarm or inconclusive', () => {
    expect(judge(trial, run('passed')).verdict).toBe('green');
    expect(judge(trial, run('failed', failed('x — y'))).verdict).toBe('false alarm');
    expect(judge(trial, run('inconclusive')).verdict).toBe('inconclusive');
  });
});

test('only killed mutants and green true pipelines are wanted', () => {
  expect(isWanted('killed') && isWanted('green')).toBe(true);
  const unwanted = ['killed by another', 'survived', 'inconclusive', 'false alarm'] as const;
  expect(unwanted.filter(isWanted)).toEqual([]);
});

test('a result that has lost what verdicts are made from is refused', () => {
  expect(parseRunResult(JSON.stringify(run('passed'))).verdict).toBe('passed');
  expect(() => parseRunResult('{"folder": "x", "verdict": "fine", "suites": [], "errors": []}')).toThrow();
});
