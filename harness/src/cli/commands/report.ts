// `testcard report`: any view of a stored run, made again from what is stored; and the shards of a run made into one.

import { Command } from 'commander';
import { projectFolders } from '../../assembly/project.ts';
import { openStoredRun } from '../../report/stored-run.ts';
import { findRun } from '../find-run.ts';
import { mergeShardsOf } from '../merge-command.ts';
import { readViewOption, VIEWS, type ViewRequest, writeViews } from '../write-views.ts';

interface MergeOptions {
  into?: string;
  format?: ViewRequest[];
}

export function command(): Command {
  const report = new Command('report')
    .description('Show a stored run again, in any form. Nothing is run: every view is made from what the run left.')
    .argument('[run]', 'a folder below reports/, its name, or `newest`', 'newest')
    .option(
      '-f, --format <view[=path]>',
      `${VIEWS.join(', ')}; to stdout, or to a path (html: into the run's folder); may be given again`,
      readViewOption,
    )
    .addHelpText(
      'after',
      `
Ends with the exit code that the run had.

Examples:
  testcard report                                   the newest run, as its console summary
  testcard report --format html                     its HTML report, and where it is
  testcard report 2026-01-31_12-00-00-4711 -f junit=junit.xml -f markdown
  testcard report merge shard-1 shard-2 --into reports/merged`,
    )
    .action(async (name: string, { format = [] }: { format?: ViewRequest[] }) => {
      const run = openStoredRun(findRun(name, projectFolders().reports));
      process.exitCode = await writeViews(run, format.length > 0 ? format : [{ view: 'summary' }]);
    });
  report
    .command('merge')
    .description(
      'Make one run of the shards of one: its report, and the verdict and exit code that it would have had undivided.',
    )
    .argument('<runs...>', 'the folder of every shard')
    .option('--into <folder>', 'where the merged run goes (default: below reports/, named after the first shard)')
    .option('-f, --format <view[=path]>', `as for \`testcard report\`: ${VIEWS.join(', ')}`, readViewOption)
    .addHelpText(
      'after',
      `
A shard that is missing makes its cases inconclusive (exit 3). Runs of another selection, of other suites' texts, or that overlap are refused (exit 2).

Examples:
  testcard report merge artifacts/shard-*/
  testcard report merge artifacts/shard-*/ --into reports/merged --format junit=junit.xml`,
    )
    // Commander gives an option that `report` has too to `report`.
    .action(async (runs: string[], _: unknown, merge: Command) => {
      process.exitCode = await mergeShardsOf(runs, merge.optsWithGlobals<MergeOptions>());
    });
  return report;
}
