// `testcard validate`: all problems of all suites, without starting anything.

import { Command } from 'commander';
import { checkSuites } from '../../assembly/load-suites.ts';
import { EXIT_CODES } from '../../model/errors.ts';
import type { RuntimeName } from '../../model/suite.ts';
import { useColor } from '../color.ts';
import { overrideOption } from '../override-option.ts';
import { runtimeOption } from '../runtime-option.ts';

export function command(): Command {
  return new Command('validate')
    .description(
      'Check suites and their Compose files; every problem with its place, what was expected and what was meant.',
    )
    .argument('[paths...]', 'suite files or folders', ['suites'])
    .addOption(runtimeOption())
    .addOption(overrideOption())
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
        { json, override, runtime }: { json: boolean; override: string[]; runtime: RuntimeName },
      ) => {
        const { files, problems, text } = await checkSuites(paths, useColor(process.stdout), {
          runtime,
          overrideFiles: override,
        });
        const errors = problems.filter((problem) => problem.severity === 'error').length;
        const warnings = problems.length - errors;
        if (json) process.stdout.write(`${JSON.stringify({ files, problems }, null, 2)}\n`);
        else {
          if (text !== '') process.stdout.write(`${text}\n\n`);
          process.stdout.write(`${files.length} suites: ${errors} errors, ${warnings} warnings\n`);
        }
        if (errors > 0) process.exitCode = EXIT_CODES.usage;
      },
    );
}
