// Brings the shards of one run together in one folder, evidence and all.

import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { TestcardError } from '../model/errors.ts';
import { mergeShards } from '../model/merge-shards.ts';
import type { RunResult } from '../model/results.ts';
import { resultFromTimelines } from '../report/html/result-from-timelines.ts';
import { openStoredRun } from '../report/stored-run.ts';

export interface MergedRun {
  /** Absolute. */
  folder: string;
  result: RunResult;
  /** What is missing, in words. */
  missing: string[];
}

/** Evidence of suites: at the top, or in rounds and retries. */
const EVIDENCE = /^(suites|round-\d+|retry-\d+)$/;

/** `into`: a folder that is not there yet, or empty. Throws USAGE for runs that do not belong together. */
export function mergeRuns(folders: readonly string[], into: string): MergedRun {
  const target = resolve(into);
  if (existsSync(target) && readdirSync(target).length > 0) {
    throw new TestcardError('USAGE', `${into} is not empty`, { hint: 'name a folder that is not there yet' });
  }
  const runs = folders.map((folder) => ({ name: folder, run: openStoredRun(folder) }));
  const shards = runs.map(({ name, run }) => ({
    name,
    record: run.record,
    result: run.result ?? resultFromTimelines(run),
  }));
  const folder = relative(process.cwd(), target);
  const { result, record, missing } = mergeShards(shards, { run: target.split('/').at(-1) ?? 'merged', folder });
  mkdirSync(target, { recursive: true });
  for (const { run } of runs) {
    for (const name of readdirSync(run.folder)) {
      if (EVIDENCE.test(name)) cpSync(join(run.folder, name), join(target, name), { recursive: true });
    }
  }
  writeFileSync(join(target, 'run.json'), `${JSON.stringify(record, null, 2)}\n`);
  writeFileSync(join(target, 'results.json'), `${JSON.stringify(result, null, 2)}\n`);
  return { folder: target, result, missing };
}
