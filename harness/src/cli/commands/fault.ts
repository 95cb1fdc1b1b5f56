// `testcard fault`: breaks an environment that `testcard up --detach` started, on purpose and by hand.

import { Command, Option } from 'commander';
import { faultsOf } from '../../assembly/by-hand.ts';
import { faultKinds } from '../../faults/index.ts';
import { EXIT_CODES } from '../../model/errors.ts';
import type { AnyFaultKind } from '../../model/faults.ts';
import { renderFault, type ShownFault } from '../../report/manual-faults.ts';
import { addFaultArguments, readDuration } from '../fault-arguments.ts';
import { interruptSignal } from '../interrupt.ts';

interface Common {
  environment?: string;
  json: boolean;
}

export function command(): Command {
  const fault = new Command('fault')
    .description(
      'Break an environment that `testcard up --detach` started. Each fault is proven to have taken effect, and reverted when its time is over.',
    )
    .configureHelp({ sortSubcommands: false })
    .addHelpText(
      'after',
      `
Examples:
  testcard up dubbing --detach
  testcard fault cut media-service echo-sts --for 10s
  testcard fault latency media-service echo-sts 200ms --jitter 50ms
  testcard fault kill media-service --signal SIGTERM
  testcard fault pause echo-sts; testcard fault resume echo-sts
  testcard fault list
  testcard fault revert --all

A fault without --for is reverted after 10 minutes, when its environment goes down, or with \`testcard fault revert\`.
Exit code 3: the fault could not be shown to have taken effect (it is reverted then), or to be reverted.`,
    );
  for (const kind of faultKinds) fault.addCommand(commandOf(kind));
  fault.addCommand(startCommand('start', 'Start a service that is down, and wait until it is ready'));
  fault.addCommand(startCommand('resume', 'Let a service go on that `pause` stopped, and wait until it is ready'));
  fault.addCommand(restartCommand());
  fault.addCommand(listCommand());
  fault.addCommand(revertCommand());
  return fault;
}

/** `network.cut` → `cut`; with its group in front where two kinds would share a name. */
function nameOf({ key }: AnyFaultKind): string {
  const short = key.split('.').slice(1).join('-') || key;
  const same = faultKinds.filter((kind) => kind.key.split('.').slice(1).join('-') === short);
  return same.length > 1 ? key.replaceAll('.', '-') : short;
}

function commandOf(kind: AnyFaultKind): Command {
  const command = withCommon(new Command(nameOf(kind)).description(kind.summary ?? kind.key));
  const inputOf = addFaultArguments(command, kind);
  const canHold = kind.revert !== undefined;
  if (canHold)
    command.addOption(
      new Option('--for <duration>', 'revert it after this time (default: 10m)').argParser(readDuration),
    );
  return command.action(async (...given: unknown[]) => {
    const options = given.at(-2) as Common & { for?: number };
    const client = faultsOf(options.environment, interruptSignal);
    const input = inputOf(given.slice(0, -2), given.at(-2) as Record<string, unknown>);
    print(
      await client.inject({ key: kind.key, input, ...(options.for === undefined ? {} : { forMs: options.for }) }),
      options,
    );
  });
}

function startCommand(name: string, description: string): Command {
  return withCommon(
    new Command(name).description(description).argument('<service>', 'a service of the environment'),
  ).action(async (service: string, options: Common) => showStarted(service, options));
}

async function showStarted(service: string, options: Common): Promise<void> {
  const started = await faultsOf(options.environment, interruptSignal).start(service);
  if (options.json) process.stdout.write(`${JSON.stringify(started, null, 2)}\n`);
  else {
    for (const each of started.reverted) print(each, options);
    process.stdout.write(`${started.service} is ${started.state}\n`);
  }
}

function restartCommand(): Command {
  return withCommon(
    new Command('restart')
      .description('Stop a service as its Compose entry says and start it again, and wait until it is ready')
      .argument('<service>', 'a service of the environment'),
  ).action(async (service: string, options: Common) => {
    await faultsOf(options.environment, interruptSignal).inject({ key: 'service.stop', input: { service } });
    await showStarted(service, options);
  });
}

function listCommand(): Command {
  return withCommon(new Command('list').description('List active faults; with --over, those that are over too'))
    .option('--over', 'with those that are over', false)
    .action(async ({ over, ...options }: Common & { over: boolean }) => {
      const all = await faultsOf(options.environment, interruptSignal).list();
      const shown = all.filter(({ state }) => over || (state !== 'over' && state !== 'unproven'));
      if (options.json) process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
      else if (shown.length === 0) process.stdout.write('no faults are active\n');
      else for (const each of shown) print(each, options);
    });
}

function revertCommand(): Command {
  return withCommon(new Command('revert').description('Revert a fault, or all, and show that they are'))
    .argument('[id]', 'its number, as `testcard fault list` shows it')
    .option('--all', 'all that are active', false)
    .action(async (id: string | undefined, { all, ...options }: Common & { all: boolean }, own: Command) => {
      if ((id === undefined) === !all) own.error('error: name one fault, or say --all');
      const client = faultsOf(options.environment, interruptSignal);
      if (id !== undefined) {
        print(await client.revert(id), options);
        return;
      }
      const reverted = await client.revertAll();
      if (options.json) process.stdout.write(`${JSON.stringify(reverted, null, 2)}\n`);
      else if (reverted.length === 0) process.stdout.write('no faults are active\n');
      else for (const each of reverted) print(each, options);
      if (reverted.some(({ state }) => state !== 'over')) process.exitCode = EXIT_CODES.inconclusive;
    });
}

const withCommon = (command: Command): Command =>
  command
    .option('-e, --environment <name>', 'which environment; not needed when only one is up')
    .option('--json', 'print as JSON', false);

function print(fault: ShownFault, { json }: Common): void {
  process.stdout.write(`${json ? JSON.stringify(fault, null, 2) : renderFault(fault, Date.now())}\n`);
}
