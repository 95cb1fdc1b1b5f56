// The results of the shards of one selection, made into one: as of a run that was never divided. What no shard ran is not green.

import { TestcardError } from './errors.ts';
import { decide } from './gate.ts';
import type { CaseResult, RunResult, SuiteResult } from './results.ts';
import type { RunRecord, SelectedSuite } from './run-record.ts';
import type { ErrorRecord } from './timeline.ts';
import { worseVerdict } from './verdict.ts';

/** A shard as it is stored. */
export interface StoredShard {
  /** How it is called on the command line. */
  name: string;
  record: RunRecord | undefined;
  result: RunResult;
}

export interface Merged {
  record: RunRecord;
  result: RunResult;
  /** What is missing, in words. */
  missing: string[];
}

/** `run`, `folder`: of the merged run. Throws USAGE for what does not belong together. */
export function mergeShards(shards: readonly StoredShard[], { run, folder }: { run: string; folder: string }): Merged {
  const records = shards.map(recordOf);
  const [first] = records;
  const [firstShard] = shards;
  if (!first || !firstShard)
    throw new TestcardError('USAGE', 'nothing to merge', { hint: 'name the runs of all shards' });
  for (const [index, record] of records.entries()) {
    const [one, other] = [firstShard.name, shards[index]?.name ?? ''];
    const difference = differenceOf(first, record);
    if (difference) throw new TestcardError('USAGE', `${one} and ${other} are no shards of one run: ${difference}`);
  }
  refuseOverlap(shards, records);
  const of = first.shard?.of ?? 1;
  const there = new Set(records.map(({ shard }) => shard?.index ?? 1));
  const absent = Array.from({ length: of }, (_, index) => index + 1).filter((index) => !there.has(index));
  const missing = absent.map((index) => `shard ${index} of ${of} is missing`);
  const results = shards.map(({ result }) => moved(result, folder));
  const suites = first.selection.flatMap((selected) => suiteOf(selected, results, missing));
  const errors = [...results.flatMap((result) => result.errors), ...missing.map(absence)];
  const isInterrupted = results.some(({ exitCode }) => exitCode === 130);
  const { shard: _, ...record } = first;
  const base = firstShard.result;
  return {
    missing,
    record: { ...record, run, startedAtMs: Math.min(...records.map(({ startedAtMs }) => startedAtMs)) },
    result: {
      ...base,
      run,
      folder,
      command: withoutShard(first.command),
      startedAtMs: Math.min(...results.map(({ startedAtMs }) => startedAtMs)),
      // The machines worked side by side.
      elapsedMs: Math.max(...results.map(({ elapsedMs }) => elapsedMs)),
      ...decide({ suites, errors }, { isInterrupted }),
      suites,
      errors,
      ...(base.repeat ? { repeat: { ...base.repeat, roundsMs: longestRounds(results) } } : {}),
    },
  };
}

function recordOf({ name, record }: StoredShard): RunRecord & { shard: { index: number; of: number } } {
  if (record?.shard) return { ...record, shard: record.shard };
  throw new TestcardError('USAGE', `${name} is no shard`, {
    hint: 'only runs made with `testcard run --shard i/n` can be merged',
  });
}

/** In words; undefined when both are of the same run but for the shard. */
function differenceOf(a: RunRecord, b: RunRecord): string | undefined {
  if (a.shard?.of !== b.shard?.of) return `one is of ${a.shard?.of} shards, the other of ${b.shard?.of}`;
  for (const key of ['runtime', 'repeat', 'minPass', 'retry'] as const) {
    if (a[key] !== b[key]) return `${key} is ${a[key]} in one and ${b[key]} in the other`;
  }
  if (a.gate?.join() !== b.gate?.join()) return `--gate is ${gateOf(a)} in one and ${gateOf(b)} in the other`;
  if (a.overrides.join() !== b.overrides.join()) return 'other Compose files were laid over the environments';
  const [one, other] = [a, b].map(({ selection }) => new Map(selection.map((each) => [each.suite, each])));
  const ids = new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])]);
  for (const id of ids) {
    const [mine, theirs] = [one?.get(id), other?.get(id)];
    if (!mine || !theirs) return `${id} was selected in one of them only`;
    if (mine.digest !== theirs.digest) return `${mine.file} is not the same text in both`;
    if (caseIds(mine) !== caseIds(theirs)) return `other cases of ${id} were selected`;
  }
  return undefined;
}

const gateOf = ({ gate }: RunRecord) => gate?.join() ?? 'not given';
const caseIds = ({ cases }: SelectedSuite) => cases.map((each) => each.case).join();

function refuseOverlap(
  shards: readonly StoredShard[],
  records: readonly { shard: { index: number; of: number } }[],
): void {
  const byIndex = new Map<number, string>();
  const bySuite = new Map<string, string>();
  for (const [place, { name, result }] of shards.entries()) {
    const { index, of } = records[place]?.shard ?? { index: 0, of: 0 };
    const twin = byIndex.get(index);
    if (twin !== undefined) throw new TestcardError('USAGE', `${twin} and ${name} are both shard ${index} of ${of}`);
    byIndex.set(index, name);
    for (const { suite } of result.suites) {
      const owner = bySuite.get(suite);
      if (owner !== undefined) {
        throw new TestcardError('USAGE', `${owner} and ${name} both ran ${suite}`, {
          hint: 'every shard must divide the selection in the same way: the same version, and the same --durations',
        });
      }
      bySuite.set(suite, name);
    }
  }
}

/** The suite as its shard had it; every case inconclusive that none did. */
function suiteOf(selected: SelectedSuite, results: readonly RunResult[], missing: readonly string[]): SuiteResult[] {
  const found = results.flatMap(({ suites }) => suites).find(({ suite }) => suite === selected.suite);
  const known = new Map(found?.cases.map((result) => [result.case, result]));
  const cases = selected.cases.map((each) => known.get(each.case) ?? neverRan(each, missing));
  const base = found ?? { suite: selected.suite, name: selected.name, file: selected.file, elapsedMs: 0, errors: [] };
  const start = base.errors.length > 0 ? 'inconclusive' : 'passed';
  const verdict = cases.reduce<SuiteResult['verdict']>(
    (worst, result) => (result.verdict === 'skipped' ? worst : worseVerdict(worst, result.verdict)),
    start,
  );
  return [{ ...base, verdict, cases }];
}

function neverRan(selected: SelectedSuite['cases'][number], missing: readonly string[]): CaseResult {
  const why = missing.length > 0 ? missing.join(', ') : 'its shard ended before it';
  return { ...selected, verdict: 'inconclusive', elapsedMs: 0, figures: [], error: { ...absence(`not run: ${why}`) } };
}

const absence = (message: string): ErrorRecord => ({ code: 'SHARD_MISSING', kind: 'inconclusive', message });

/** With the evidence of every attempt where it lies now. */
function moved(result: RunResult, folder: string): RunResult {
  const here = (path: string) =>
    path.startsWith(`${result.folder}/`) ? folder + path.slice(result.folder.length) : path;
  return {
    ...result,
    suites: result.suites.map((suite) => ({
      ...suite,
      cases: suite.cases.map((each) =>
        each.attempts
          ? { ...each, attempts: each.attempts.map((attempt) => ({ ...attempt, folder: here(attempt.folder) })) }
          : each,
      ),
    })),
  };
}

const withoutShard = (command: string) => command.replace(/ --shard[ =]\S+/, '');

function longestRounds(results: readonly RunResult[]): number[] {
  const all = results.map(({ repeat }) => repeat?.roundsMs ?? []);
  const rounds = Math.max(0, ...all.map(({ length }) => length));
  return Array.from({ length: rounds }, (_, round) => Math.max(...all.map((each) => each[round] ?? 0)));
}
