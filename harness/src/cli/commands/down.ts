// `testcard down`: takes down what `testcard up --detach` started.

import { Command } from 'commander';
import { allUp, takeDown } from '../../assembly/by-hand.ts';
import { interruptSignal } from '../interrupt.ts';

export function command(): Command {
  return new Command('down')
    .description('Take down an environment that `testcard up --detach` started.')
    .argument('[name]', 'its name; not needed when only one is up')
    .option('--all', 'all that are up', false)
    .addHelpText('after', '\nExamples:\n  testcard down\n  testcard down dubbing\n  testcard down --all')
    .action(async (name: string | undefined, { all }: { all: boolean }) => {
      const say = (line: string) => process.stderr.write(`testcard: ${line}\n`);
      const names = all ? allUp().map((state) => state.name) : [name];
      if (names.length === 0) say('nothing is up');
      for (const each of names) say(`${await takeDown(each, interruptSignal)} is down`);
    });
}
