// What a run is of: its shard of what was selected, and the record of both that is written before anything starts.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { sourcesOf } from '../assembly/load-suites.ts';
import { TestcardError } from '../model/errors.ts';
import type { RunResult } from '../model/results.ts';
import { RUN_FORMAT, type RunRecord, type SelectedSuite, type Shard } from '../model/run-record.ts';
import { shardOf } from '../model/shards.ts';
import type { Case, Suite } from '../model/suite.ts';

export type Selection = { suite: Suite; cases: Case[] }[];

export interface ShardRequest {
  shard?: Shard | undefined;
  /** results.json of an earlier run, the same on every machine: how long suites take. Default: the time-outs of their cases. */
  durations?: string | undefined;
}

export function sharded(selection: Selection, { shard, durations }: ShardRequest): Selection {
  if (!shard) return selection;
  const known = durations === undefined ? new Map<string, number>() : durationsIn(durations);
  const weighed = selection.map((each) => ({ ...each, id: each.suite.id, weightMs: weightOf(each, known) }));
  return shardOf(weighed, shard).map(({ suite, cases }) => ({ suite, cases }));
}

const weightOf = ({ suite, cases }: Selection[number], known: ReadonlyMap<string, number>): number =>
  known.get(suite.id) ?? cases.reduce((sum, { timeoutMs }) => sum + timeoutMs, 0);

function durationsIn(file: string): Map<string, number> {
  try {
    const { suites } = JSON.parse(readFileSync(file, 'utf8')) as RunResult;
    return new Map(suites.map(({ suite, elapsedMs }) => [suite, elapsedMs]));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TestcardError('USAGE', `--durations ${file}: ${why}`, {
      hint: 'name the results.json of an earlier run',
    });
  }
}

export function runRecordOf(
  selection: Selection,
  of: Omit<RunRecord, 'format' | 'command' | 'selection' | 'overrides'> & { override: readonly string[] },
): RunRecord {
  const { override, ...rest } = of;
  return {
    format: RUN_FORMAT,
    ...rest,
    command: `testcard ${process.argv.slice(2).join(' ')}`,
    overrides: override.map((file) => relative(process.cwd(), file)),
    selection: selection.map(selectedSuite),
  };
}

function selectedSuite({ suite, cases }: Selection[number]): SelectedSuite {
  const digest = createHash('sha256');
  for (const { text } of sourcesOf(suite)) digest.update(`${text.length}\n${text}`);
  return {
    suite: suite.id,
    name: suite.name,
    file: relative(process.cwd(), suite.file),
    digest: digest.digest('hex'),
    cases: cases.map((kase) => ({
      case: kase.id,
      title: kase.title,
      priority: kase.priority,
      tags: [...new Set([...suite.tags, ...kase.tags])],
      at: `${relative(process.cwd(), kase.position.file)}:${kase.position.line}`,
    })),
  };
}
