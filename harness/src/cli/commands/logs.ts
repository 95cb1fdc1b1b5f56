// `testcard logs`: what the services of a detached environment wrote.

import { Command, InvalidArgumentError } from 'commander';
import { logsOf } from '../../assembly/by-hand.ts';
import { interruptSignal } from '../interrupt.ts';
import { printLogLine } from '../log-line.ts';

interface LogsOptions {
  service?: string[];
  follow: boolean;
  last?: number;
  json: boolean;
}

export function command(): Command {
  return new Command('logs')
    .description('Show the logs of an environment that `testcard up --detach` started.')
    .argument('[name]', 'its name; not needed when only one is up')
    .option('-s, --service <list>', 'only these services', (text: string) => text.split(',').map((part) => part.trim()))
    .option('-f, --follow', 'go on as lines come, until Ctrl-C or `testcard down`', false)
    .option('-n, --last <count>', 'only the last so many lines', count)
    .option('--json', 'one JSON object a line', false)
    .addHelpText(
      'after',
      '\nExamples:\n  testcard logs --last 50\n  testcard logs dubbing --service media-service --follow',
    )
    .action(async (name: string | undefined, { service, follow, last, json }: LogsOptions) => {
      const lines = logsOf(name, {
        follow,
        signal: interruptSignal,
        ...(service ? { services: service } : {}),
        ...(last === undefined ? {} : { last }),
      });
      for await (const line of lines) {
        if (json) process.stdout.write(`${JSON.stringify(line)}\n`);
        else printLogLine(line);
      }
    });
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('expected a whole number, e.g. 50.');
  return value;
}
