// `testcard run`: runs suites and says which promise was broken.

import { Command, InvalidArgumentError, Option } from 'commander';
import { overrideOption } from '../override-option.ts';
import { runAll } from '../run-all.ts';

export function command(): Command {
  return new Command('run')
    .description('Run suites: bring their environments up, run their cases, report.')
    .argument('[paths...]', 'suite files or folders', ['suites'])
    .addOption(new Option('-p, --priority <list>', 'only cases of these priorities, e.g. P1,P2').argParser(priorities))
    .option('-t, --tag <list>', 'only cases with one of these tags', commaList)
    .option('-c, --case <text>', 'only cases whose title contains this text')
    .addOption(new Option('--runtime <name>', 'where services run').choices(['embedded']).default('embedded'))
    .addOption(overrideOption())
    .option('--parallel <n>', 'suites side by side (default: one per processor, at least 2)', positiveInt)
    .option('--bail', 'stop after the first case that is not passed', false)
    .option('--keep', 'keep recordings of passed cases too (those of other cases are always kept)', false)
    .option('--json', 'print the result as JSON on stdout, progress on stderr', false)
    .addHelpText(
      'after',
      `
Examples:
  testcard run --priority P1
  testcard run suites/dubbing/full-pipeline.suite.yaml --case "one-minute"
  testcard run --json > result.json`,
    )
    .action(async (paths: string[], options) => {
      process.exitCode = await runAll({ paths, ...options });
    });
}

function commaList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function priorities(text: string): string[] {
  const list = commaList(text).map((part) => part.toUpperCase());
  const wrong = list.find((part) => !/^P[123]$/.test(part));
  if (wrong !== undefined || list.length === 0)
    throw new InvalidArgumentError('expected some of P1, P2, P3, e.g. P1,P2.');
  return list;
}

function positiveInt(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 64)
    throw new InvalidArgumentError('expected a whole number from 1 to 64.');
  return value;
}
