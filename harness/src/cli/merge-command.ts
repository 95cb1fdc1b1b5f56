// The whole of `testcard report merge`: one run of several, with the files that a run leaves.

import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { mergeRuns } from '../assembly/merge-runs.ts';
import { projectFolders } from '../assembly/project.ts';
import { renderJunit } from '../report/junit.ts';
import { readFailureStories } from '../report/read-failure-stories.ts';
import { openStoredRun } from '../report/stored-run.ts';
import { renderSummary } from '../report/summary.ts';
import { findRun } from './find-run.ts';
import { type ViewRequest, writeViews } from './write-views.ts';

/** Returns the exit code that the run would have had undivided. */
export async function mergeShardsOf(
  names: readonly string[],
  { into, format = [] }: { into?: string; format?: ViewRequest[] },
): Promise<number> {
  const { reports } = projectFolders();
  const folders = names.map((name) => findRun(name, reports));
  const target = into ?? join(reports, `${basename(folders[0] ?? 'shards').replace(/\/+$/, '')}-merged`);
  const { folder, result, missing } = mergeRuns(folders, target);
  for (const each of missing) process.stderr.write(`testcard: ${each.toUpperCase()}: its cases are inconclusive\n`);
  const stories = readFailureStories(result, process.cwd());
  writeFileSync(join(folder, 'junit.xml'), renderJunit(result, stories));
  writeFileSync(join(folder, 'summary.txt'), `${renderSummary(result, { stories })}\n`);
  return writeViews(openStoredRun(folder), [
    { view: 'html', path: undefined, isQuiet: true },
    { view: 'summary' },
    ...format,
  ]);
}
