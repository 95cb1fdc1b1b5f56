// `testcard replay`: judges a stored run again by changed suites, without running anything.

import { Command } from 'commander';
import { projectFolders } from '../../assembly/project.ts';
import { replayRun } from '../../assembly/replay-run.ts';
import { renderReplay } from '../../report/replay-summary.ts';
import { openStoredRun } from '../../report/stored-run.ts';
import { useColor } from '../color.ts';
import { findRun } from '../find-run.ts';
import { interruptSignal } from '../interrupt.ts';

export function command(): Command {
  return new Command('replay')
    .description(
      'Judge a stored run again by the suites as they are now: nothing is started. Says which verdicts moved, by which line, and what was seen.',
    )
    .argument('[run]', 'a folder below reports/, its name, or `newest`', 'newest')
    .argument('[suites...]', 'suite files or folders to judge by (default: those that the run was of)')
    .option('-c, --case <text>', 'only cases whose title contains this text')
    .option('--json', 'print the result as JSON', false)
    .addHelpText(
      'after',
      `
Exit codes: those of \`testcard run\`, of the verdicts as they are now; 3 when the run was stored without what this needs.

Examples:
  testcard replay                                      the newest run, by the suites as they are on disk
  testcard replay 2026-01-31_12-00-00-4711             that run
  testcard replay newest stricter/av-sync.suite.yaml   by another file of the same name`,
    )
    .action(async (name: string, paths: string[], options: { case?: string; json: boolean }) => {
      const run = openStoredRun(findRun(name, projectFolders().reports));
      const result = await replayRun({ run, paths, title: options.case, signal: interruptSignal });
      const text = options.json ? JSON.stringify(result, null, 2) : renderReplay(result, useColor(process.stdout));
      process.stdout.write(`${text}\n`);
      process.exitCode = result.exitCode;
    });
}
