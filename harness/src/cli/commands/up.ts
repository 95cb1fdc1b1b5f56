// `testcard up`: an environment to play with by hand.

import { Command } from 'commander';
import { type Addresses, runInForeground, startInBackground } from '../../assembly/by-hand.ts';
import { formatDurationMs } from '../../base/duration.ts';
import type { RuntimeName } from '../../model/suite.ts';
import type { TimelineEvent } from '../../model/timeline.ts';
import { interruptSignal } from '../interrupt.ts';
import { printLogLine } from '../log-line.ts';
import { overrideOption } from '../override-option.ts';
import { runtimeOption } from '../runtime-option.ts';

interface UpOptions {
  detach: boolean;
  quiet: boolean;
  override: string[];
  runtime: RuntimeName;
}

export function command(): Command {
  return new Command('up')
    .description(
      'Bring an environment up by hand: in the foreground with its logs until Ctrl-C, or detached until `testcard down`.',
    )
    .argument('<environment>', 'a folder under compose/, or a Compose file')
    .addOption(runtimeOption())
    .addOption(overrideOption())
    .option('-d, --detach', 'return when it is ready and leave it running', false)
    .option('-q, --quiet', 'no logs in the foreground', false)
    .addHelpText(
      'after',
      '\nExamples:\n  testcard up dubbing\n  testcard up dubbing --detach && testcard logs --follow; testcard down\n  testcard up dubbing --runtime compose',
    )
    .action(async (environment: string, { detach, quiet, override, runtime }: UpOptions) => {
      const setting = { runtime, overrideFiles: override };
      const say = (line: string) => process.stderr.write(`testcard: ${line}\n`);
      const showEvent = (event: TimelineEvent) => {
        if (event.type === 'service' && event.state !== 'waiting') say(`${event.service}: ${event.state}`);
      };
      const showReady = (addresses: Addresses[], elapsedMs: number) => {
        for (const { service, ports } of addresses) process.stdout.write(`${service}  ${ports.join('  ')}\n`);
        say(
          `${environment} is up after ${formatDurationMs(elapsedMs)}${detach ? '; testcard down takes it down' : '; Ctrl-C takes it down'}`,
        );
      };
      if (detach) {
        const { addresses, readyAfterMs } = await startInBackground(environment, setting, interruptSignal, showEvent);
        showReady(addresses, readyAfterMs);
        return;
      }
      await runInForeground(environment, setting, interruptSignal, {
        log: quiet ? () => {} : printLogLine,
        event: showEvent,
        ready: showReady,
      });
    });
}
