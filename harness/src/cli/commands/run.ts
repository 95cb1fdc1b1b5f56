// `testcard run`: runs suites and says which promise was broken.

import { Command, InvalidArgumentError, Option } from 'commander';
import type { Shard } from '../../model/run-record.ts';
import { overrideOption } from '../override-option.ts';
import { REPORT_FORMATS, readReportOption } from '../report-requests.ts';
import { runAll } from '../run-all.ts';
import { runtimeOption } from '../runtime-option.ts';

export function command(): Command {
  return new Command('run')
    .description('Run suites: bring their environments up, run their cases, report.')
    .argument('[paths...]', 'suite files or folders', ['suites'])
    .addOption(new Option('-p, --priority <list>', 'only cases of these priorities, e.g. P1,P2').argParser(priorities))
    .option('-t, --tag <list>', 'only cases with one of these tags', commaList)
    .option('-c, --case <text>', 'only cases whose title contains this text')
    .addOption(runtimeOption())
    .addOption(overrideOption())
    .option(
      '--parallel <n>',
      'suites side by side (default: four per processor, on compose five for two, as they mostly wait for their pipeline)',
      wholeNumber(1, 64),
    )
    .option(
      '--repeat <n>',
      'run the whole selection so many times, each in fresh environments',
      wholeNumber(1, 1_000),
      1,
    )
    .option('--min-pass <share>', 'share of its rounds that a case must pass, such as 95%', share, 1)
    .option(
      '--retry <n>',
      'try a case that is not passed again, at most so many times in its round',
      wholeNumber(0, 10),
      0,
    )
    .option('--bail', 'stop after the first case that is not passed', false)
    .addOption(
      new Option(
        '--shard <i/n>',
        'only the i-th of n parts of the selection, the same on every machine (then: testcard report merge)',
      ).argParser(shard),
    )
    .option('--durations <file>', 'results.json of an earlier run, the same for every shard, to balance them by')
    .addOption(
      new Option('--gate <list>', 'only cases of these priorities decide the exit code; others are told of').argParser(
        priorities,
      ),
    )
    .option('--quarantine <file>', 'cases that are known to fail (default: quarantine.yaml where there is one)')
    .option(
      '--report <format[=path]>',
      `another report: ${REPORT_FORMATS.join(', ')}; =- for stdout, without a path into the run's folder; may be given again`,
      readReportOption,
    )
    .option('--github', 'annotations and step summary (default: where GITHUB_ACTIONS is set)')
    .option('--no-github', 'neither of them')
    .option('--keep', 'keep recordings of passed cases too (those of other cases are always kept)', false)
    .addOption(new Option('-q, --quiet', 'only what did not pass, and the verdict').default(false).conflicts('verbose'))
    .option('-v, --verbose', 'every step, check, fault, state of a service and error in a log as it comes', false)
    .option('--json', 'as --report json=-: the result on stdout, progress on stderr', false)
    .addHelpText(
      'after',
      `
Examples:
  testcard run --priority P1
  testcard run suites/dubbing/full-pipeline.suite.yaml --case "one-minute"
  testcard run --repeat 20 --min-pass 95%
  testcard run --shard 2/4
  testcard run --gate P1,P2 --report junit=junit.xml
  testcard run --json > result.json

On a terminal, what goes on now stands at the bottom; elsewhere, and with CI set, it is told line by line.
kill -USR1 <pid> (Ctrl-T where the system has it) tells on stderr what goes on; the run's name ends with its pid.
NO_COLOR and FORCE_COLOR are honoured; a locale without UTF-8 and TERM=dumb get ASCII.`,
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

const wholeNumber = (from: number, to: number) => (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < from || value > to || text.trim() === '')
    throw new InvalidArgumentError(`expected a whole number from ${from} to ${to}.`);
  return value;
};

function shard(text: string): Shard {
  const [, index = 0, of = 0] = /^(\d+)\/(\d+)$/.exec(text.trim())?.map(Number) ?? [];
  if (index < 1 || of > 1_000 || index > of)
    throw new InvalidArgumentError('expected i/n with i from 1 to n, e.g. 2/4.');
  return { index, of };
}

function share(text: string): number {
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim())?.[1];
  const value = Number(percent) / 100;
  if (percent === undefined || !(value > 0 && value <= 1))
    throw new InvalidArgumentError('expected a percentage above 0 % and up to 100 %, e.g. 95%.');
  return value;
}
