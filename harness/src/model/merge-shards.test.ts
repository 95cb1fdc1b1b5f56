import { describe, expect, test } from 'vitest';
import { mergeShards, type StoredShard } from './merge-shards.ts';
import type { CaseResult, RunResult, SuiteResult } from './results.ts';
import type { RunRecord, SelectedSuite } from './run-record.ts';
import type { Verdict } from './verdict.ts';

const SUITES = ['a', 'b', 'c'];
const into = { run: 'merged', folder: 'reports/merged' };

const selected = (suite: string, digest = '1'): SelectedSuite => ({
  suite,
  name: `suite ${suite}`,
  file: `suites/${suite}.suite.yaml`,
  digest,
  cases: ['one', 'two'].map((id) => ({
    case: id,
    title: id,
    priority: 'P1',
    tags: [],
    at: `suites/${suite}.suite.yaml:4`,
  })),
});

const result = (id: string, verdict: Verdict, more: Partial<CaseResult> = {}): CaseResult => ({
  ...{ case: id, title: id, priority: 'P1', tags: [], at: '', verdict, elapsedMs: 5, figures: [] },
  ...more,
});

const suiteResult = (suite: string, cases: CaseResult[]): SuiteResult => ({
  ...{
    suite,
    name: `suite ${suite}`,
    file: `suites/${suite}.suite.yaml`,
    verdict: 'passed',
    elapsedMs: 10,
    errors: [],
  },
  cases,
});

function shard(
  index: number,
  suites: SuiteResult[],
  { record = {}, run = {}, of = 3 }: { record?: Partial<RunRecord>; run?: Partial<RunResult>; of?: number } = {},
): StoredShard {
  const folder = `reports/shard-${index}`;
  return {
    name: folder,
    record: {
      ...{ format: 2, run: `r${index}`, command: `testcard run --shard ${index}/3 suites`, startedAtMs: 1_000 - index },
      ...{ runtime: 'embedded', overrides: [], repeat: 1, minPass: 1, retry: 0 },
      selection: SUITES.map((suite) => selected(suite)),
      shard: { index, of },
      ...record,
    },
    result: {
      ...{ run: `r${index}`, folder, command: '', startedAtMs: 1_000 - index, elapsedMs: 100 * index },
      ...{ verdict: 'passed', exitCode: 0, suites, errors: [] },
      ...run,
    },
  };
}

const both = (verdict: Verdict = 'passed') => [result('one', 'passed'), result('two', verdict)];
const whole = (verdicts: Verdict[] = ['passed', 'passed', 'passed']) =>
  SUITES.map((suite, index) => shard(index + 1, [suiteResult(suite, both(verdicts[index]))]));

describe('mergeShards', () => {
  test('gives the run that was never divided: every suite in the order of the selection, and its verdict', () => {
    const { result: merged, record, missing } = mergeShards(whole().toReversed(), into);
    expect(missing).toEqual([]);
    expect(merged.suites.map(({ suite }) => suite)).toEqual(SUITES);
    expect(merged).toMatchObject({
      ...{ run: 'merged', folder: 'reports/merged', verdict: 'passed', exitCode: 0 },
      ...{ command: 'testcard run suites', startedAtMs: 997, elapsedMs: 300 },
    });
    expect(record.shard).toBeUndefined();
    expect(record.selection).toHaveLength(3);
  });

  test.each<[Verdict[], Verdict, number]>([
    [['passed', 'failed', 'passed'], 'failed', 1],
    [['inconclusive', 'passed', 'passed'], 'inconclusive', 3],
    [['inconclusive', 'failed', 'passed'], 'failed', 1],
  ])('comes to what its shards came to: %j is %s', (verdicts, verdict, exitCode) => {
    const { result: merged } = mergeShards(whole(verdicts), into);
    expect(merged).toMatchObject({ verdict, exitCode });
    expect(merged.suites.map((suite) => suite.verdict)).toEqual(verdicts);
  });

  test('keeps problems outside cases, gates and the evidence of attempts', () => {
    const attempt = {
      round: 1,
      retry: 0,
      verdict: 'failed',
      elapsedMs: 1,
      folder: 'reports/shard-1/suites/a/two',
    } as const;
    const cases = [result('one', 'passed'), result('two', 'failed', { isGating: false, attempts: [attempt] })];
    const [, ...others] = whole();
    const { result: merged } = mergeShards([shard(1, [suiteResult('a', cases)]), ...others], into);
    expect(merged).toMatchObject({ verdict: 'passed', exitCode: 0 });
    expect(merged.suites[0]?.cases[1]?.attempts?.[0]?.folder).toBe('reports/merged/suites/a/two');
    const crashed = { errors: [{ code: 'INTERNAL', kind: 'internal', message: 'a worker crashed' }] };
    expect(mergeShards([shard(1, [suiteResult('a', both())], { run: crashed }), ...others], into).result).toMatchObject(
      {
        verdict: 'inconclusive',
        exitCode: 3,
      },
    );
    const cut = shard(1, [suiteResult('a', both())], { run: { exitCode: 130 } });
    expect(mergeShards([cut, ...others], into).result.exitCode).toBe(130);
  });

  test('says loudly that a shard is missing: its cases are inconclusive', () => {
    const [first, , third] = whole() as [StoredShard, StoredShard, StoredShard];
    const { result: merged, missing } = mergeShards([first, third], into);
    expect(missing).toEqual(['shard 2 of 3 is missing']);
    expect(merged).toMatchObject({ verdict: 'inconclusive', exitCode: 3 });
    expect(merged.errors).toMatchObject([{ code: 'SHARD_MISSING', message: 'shard 2 of 3 is missing' }]);
    expect(merged.suites[1]).toMatchObject({
      verdict: 'inconclusive',
      cases: [
        { case: 'one', verdict: 'inconclusive', error: { message: 'not run: shard 2 of 3 is missing' } },
        { case: 'two' },
      ],
    });
  });

  test('does not take a case that its shard did not get to for passed', () => {
    const [, ...others] = whole();
    const killed = shard(1, [suiteResult('a', [result('one', 'passed')])]);
    const { result: merged } = mergeShards([killed, ...others], into);
    expect(merged).toMatchObject({ verdict: 'inconclusive', exitCode: 3 });
    expect(merged.suites[0]?.cases[1]?.error?.message).toBe('not run: its shard ended before it');
  });

  const [one, two, three] = whole() as [StoredShard, StoredShard, StoredShard];
  const B = [suiteResult('b', both())];
  test.each<[string, StoredShard[], RegExp]>([
    ['is no shard', [one, { ...two, record: undefined }], /shard-2 is no shard/],
    ['is there twice', [one, two, three, { ...two, name: 'again' }], /shard-2 and again are both shard 2 of 3/],
    ['ran what another one ran', [one, two, shard(3, B)], /shard-2 and reports\/shard-3 both ran b/],
    ['is of another number of shards', [one, shard(2, B, { of: 2 })], /one is of 3 shards, the other of 2/],
    [
      'is of another selection',
      [one, shard(2, B, { record: { selection: [selected('b')] } })],
      /a was selected in one of them only/,
    ],
    [
      'is of another text',
      [one, shard(2, B, { record: { selection: SUITES.map((suite) => selected(suite, suite === 'c' ? '2' : '1')) } })],
      /c\.suite\.yaml is not the same text in both/,
    ],
    [
      'judged by another gate',
      [one, shard(2, B, { record: { gate: ['P1', 'P2'] } })],
      /--gate is not given in one and P1,P2 in the other/,
    ],
    ['was run in another way', [one, shard(2, B, { record: { retry: 1 } })], /retry is 0 in one and 1 in the other/],
  ])('refuses a run that %s', (_, shards, message) => {
    expect(() => mergeShards(shards, into)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(message) }),
    );
  });
});
