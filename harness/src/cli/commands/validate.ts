// `testcard validate`: all problems of all suites, without starting anything.

import { Command } from 'commander';
import { checkQuarantine } from '../../assembly/load-quarantine.ts';
import { checkSuites } from '../../assembly/load-suites.ts';
import { EXIT_CODES } from '../../model/errors.ts';
import type { RuntimeName } from '../../model/suite.ts';
import { useColor } from '../color.ts';
import { overrideOption } from '../override-option.ts';
import { runtimeOption } from '../runtime-option.ts';

export function command(): Command {
  return new Command('validate')
    .description(
      'Check suites, their Compose files and the quarantine list; every problem with its place, what was expected and what was meant.',
    )
    .argument('[paths...]', 'suite files or folders', ['suites'])
    .addOption(runtimeOption())
    .addOption(overrideOption())
    .option('--quarantine <file>', 'cases that are known to fail (default: quarantine.yaml where there is one)')
    .option('--json', 'print the problems as JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  testcard validate
  testcard validate suites/dubbing/av-sync.suite.yaml
  testcard validate --json | jq '.problems[].message'`,
    )
    .action(
      async (
        paths: string[],
        {
          json,
          override: overrideFiles,
          runtime,
          quarantine,
        }: { json: boolean; override: string[]; runtime: RuntimeName; quarantine?: string },
      ) => {
        const color = useColor(process.stdout);
        const setting = { runtime, overrideFiles };
        const { files, suites, ...found } = await checkSuites(paths, color, setting);
        const list = await checkQuarantine(quarantine, suites, { color, setting });
        const problems = [...found.problems, ...list.problems];
        const text = [found.text, list.text].filter((part) => part !== '').join('\n');
        const errors = problems.filter((problem) => problem.severity === 'error').length;
        const warnings = problems.length - errors;
        if (json) process.stdout.write(`${JSON.stringify({ files, problems }, null, 2)}\n`);
        else {
          if (text !== '') process.stdout.write(`${text}\n\n`);
          const known = list.entries.length > 0 ? `, ${list.entries.length} cases quarantined` : '';
          process.stdout.write(`${files.length} suites${known}: ${errors} errors, ${warnings} warnings\n`);
        }
        if (errors > 0) process.exitCode = EXIT_CODES.usage;
      },
    );
}
