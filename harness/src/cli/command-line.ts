// The `testcard` command: reads the command line, runs one command, and ends with its exit code.

import { Command, CommanderError } from 'commander';
import { claimOwnership } from '../assembly/ownership.ts';
import { EXIT_CODES, toTestcardError } from '../model/errors.ts';
import { formatPosition } from '../model/position.ts';
import { onInterrupt } from './interrupt.ts';

const VERSION = '0.1.0';

/** Commands load their own code only when chosen: `testcard --help` must not pay for Vitest. */
const COMMANDS: Record<string, () => Promise<{ command: () => Command }>> = {
  run: () => import('./commands/run.ts'),
  report: () => import('./commands/report.ts'),
  replay: () => import('./commands/replay.ts'),
  validate: () => import('./commands/validate.ts'),
  list: () => import('./commands/list.ts'),
  plan: () => import('./commands/plan.ts'),
  up: () => import('./commands/up.ts'),
  down: () => import('./commands/down.ts'),
  logs: () => import('./commands/logs.ts'),
  fault: () => import('./commands/fault.ts'),
  fixture: () => import('./commands/fixture.ts'),
  measure: () => import('./commands/measure.ts'),
  doctor: () => import('./commands/doctor.ts'),
  schema: () => import('./commands/schema.ts'),
};

async function program(argv: string[]): Promise<Command> {
  const root = new Command('testcard')
    .description('Declarative end-to-end tests for real-time audio/video pipelines.')
    .version(VERSION)
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false })
    .addHelpText(
      'after',
      `
Examples:
  testcard run                              run every suite under suites/
  testcard run suites/dubbing --priority P1 run some
  testcard validate                         all problems of all suites, without running
  testcard measure output.flv               measure any recording

Exit codes: 0 passed · 1 failed · 2 bad suite or usage · 3 inconclusive or internal · 130 interrupted`,
    );
  // Whatever the command: what a killed run left is ended first.
  root.hook('preAction', () => claimOwnership((line) => process.stderr.write(`testcard: ${line}\n`)));
  const chosen = argv.find((word) => word in COMMANDS);
  const names = chosen ? [chosen] : Object.keys(COMMANDS);
  for (const name of names) {
    const load = COMMANDS[name];
    if (load) root.addCommand((await load()).command());
  }
  return root;
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage;
  const known = toTestcardError(error);
  const where = known.position ? `${formatPosition(known.position)}: ` : '';
  process.stderr.write(`testcard: ${where}${known.message}\n`);
  if (known.hint !== undefined) process.stderr.write(`  ${known.hint}\n`);
  if (known.kind === 'internal' && known.cause instanceof Error) {
    process.stderr.write(`  this is a defect of Testcard; set TESTCARD_DEBUG=1 and run again to see where\n`);
    if (process.env.TESTCARD_DEBUG) process.stderr.write(`${known.cause.stack}\n`);
  }
  return EXIT_CODES[known.kind];
}

// `testcard list | head`: a reader that has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const stop = onInterrupt();
try {
  const root = await program(process.argv.slice(2));
  throwInsteadOfExiting(root);
  if (process.argv.length <= 2) root.outputHelp();
  else await root.parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}
stop.dispose();

/** Commander would end the process itself; then nothing could be cleaned up. */
function throwInsteadOfExiting(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExiting(child);
}
