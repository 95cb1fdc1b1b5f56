// `testcard doctor`: what this machine lacks, and the one command that installs it.

import { Command } from 'commander';
import { examineMachine } from '../../assembly/doctor.ts';
import { EXIT_CODES } from '../../model/errors.ts';
import type { RuntimeName } from '../../model/suite.ts';
import { interruptSignal } from '../interrupt.ts';
import { runtimeOption } from '../runtime-option.ts';

export function command(): Command {
  return new Command('doctor')
    .description('Say what is missing on this machine and how to get it.')
    .addOption(runtimeOption())
    .option('--json', 'print as JSON', false)
    .addHelpText('after', '\nExamples:\n  testcard doctor\n  testcard doctor --runtime compose')
    .action(async ({ json, runtime }: { json: boolean; runtime: RuntimeName }) => {
      const findings = await examineMachine(runtime, interruptSignal);
      if (json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
      else {
        for (const { name, state, detail, remedy } of findings) {
          process.stdout.write(
            `${state.padEnd(8)} ${name.padEnd(14)} ${detail}${remedy === undefined ? '' : `\n${' '.repeat(24)}→ ${remedy}`}\n`,
          );
        }
      }
      if (findings.some((finding) => finding.state === 'missing')) process.exitCode = EXIT_CODES.inconclusive;
    });
}
