// `npm run mutants`: runs every mutant against its suite and prints the kill matrix. Exit 1 unless each is killed by the right check and
// no suite fails the true pipeline.

import { parseArgs } from 'node:util';
import { renderKillMatrix, renderTally } from './kill-matrix.ts';
import { TRIALS } from './list/index.ts';
import type { Mutant, Trial } from './mutant.ts';
import { runTrial, type TrialOutcome } from './run-trial.ts';
import { dueToday, lengthOf, shareOf, sharesWithin } from './shares.ts';
import { isWanted } from './verdict.ts';

const HELP = `npm run mutants [-- options]

  --only <text>      mutants whose name contains one of these (comma-separated)
  --suite <name>     mutants that run against this suite
  --share <i>/<n>    the i-th of n shares, from 1
  --budget <time>    as many shares as it takes for each to be done in this time (5m, 300s), and of those the one that is due today
  --index <i>        with --budget: this share, counted round and round (the number of the CI run), instead of today's
  --parallel <n>     so many at a time (default 1)
  --retry <n>        what is not killed (or not green) is tried up to n times more, and said to have been (default 0)
  --runtime <name>   where the services run: embedded (default) or compose
  --keep             keep the evidence of mutants that were killed too
  --list             what would run, without running it

Exit codes: 0 all killed, none false · 1 otherwise · 2 wrong usage · 130 interrupted`;

function usage(message: string): never {
  process.stderr.write(`mutants: ${message}\n\n${HELP}\n`);
  process.exit(2);
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) usage(`${name} is a whole number from ${least} (got ${text})`);
  return value;
}

function readOptions() {
  try {
    const string = { type: 'string' } as const;
    const boolean = { type: 'boolean', default: false } as const;
    return parseArgs({
      options: {
        ...{ only: string, suite: string, share: string, budget: string, index: string },
        ...{
          parallel: { type: 'string', default: '1' },
          retry: { type: 'string', default: '0' },
          runtime: { type: 'string', default: 'embedded' },
          keep: boolean,
          list: boolean,
          help: boolean,
        },
      },
    }).values;
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
}

const options = readOptions();
if (options.help) {
  process.stdout.write(`${HELP}\n`);
  process.exit(0);
}
const parallel = wholeNumber('--parallel', options.parallel, 1);
const retries = wholeNumber('--retry', options.retry, 0);

const { runtime } = options;
if (runtime !== 'embedded' && runtime !== 'compose') usage(`--runtime is embedded or compose (got ${runtime})`);

function chosen(): (Trial | Mutant)[] {
  const words = options.only?.split(',');
  const wanted = TRIALS.filter(
    ({ name, against }) =>
      (!words || words.some((word) => name.includes(word))) && (!options.suite || against.suite === options.suite),
  );
  if (wanted.length === 0) usage('no mutant is called so; --list shows what there is');
  if (options.share !== undefined) {
    const [index, count] = /^(\d+)\/(\d+)$/.exec(options.share)?.slice(1).map(Number) ?? [];
    if (!index || !count || index > count) usage(`--share is i/n with i from 1 to n (got ${options.share})`);
    return shareOf(wanted, index - 1, count);
  }
  if (options.budget === undefined) return wanted;
  const [, amount, unit] =
    /^(\d+)(s|m)$/.exec(options.budget) ?? usage(`--budget is a time such as 5m (got ${options.budget})`);
  const count = sharesWithin(wanted, Number(amount) * (unit === 'm' ? 60 : 1), parallel);
  const index =
    options.index === undefined ? dueToday(count, Date.now()) : wholeNumber('--index', options.index, 0) % count;
  process.stdout.write(`mutants: share ${index + 1} of ${count}: all ${wanted.length} are run within ${count} runs\n`);
  return shareOf(wanted, index, count);
}

const trials = chosen();
const about = Math.ceil(lengthOf(trials, parallel) / 60);
process.stdout.write(`mutants: ${trials.length} runs, ${parallel} at a time, about ${about} min\n`);
if (options.list) {
  for (const { name, defect, against } of trials) process.stdout.write(`${name} · ${against.suite} · ${defect}\n`);
  process.exit(0);
}

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort());
// The launcher's end of the channel: when it is gone, so is whoever asked.
process.on('disconnect', () => interrupt.abort());

const waiting = [...trials];
const outcomes: TrialOutcome[] = [];
async function lane(): Promise<void> {
  for (let trial = waiting.shift(); trial && !interrupt.signal.aborted; trial = waiting.shift()) {
    let outcome = await runTrial(trial, { signal: interrupt.signal, keep: options.keep, runtime });
    for (let retry = 1; retry <= retries && !isWanted(outcome.verdict) && !interrupt.signal.aborted; retry += 1) {
      // Never hidden: the run says that it needed another try, and what the first one saw.
      process.stdout.write(
        `    ${outcome.verdict} at first · ${trial.name}: ${outcome.broken[0] ?? 'nothing broken'}\n`,
      );
      outcome = await runTrial(trial, { signal: interrupt.signal, keep: options.keep, runtime });
    }
    if (interrupt.signal.aborted) return;
    outcomes.push(outcome);
    const { verdict, seconds, broken, folder } = outcome;
    process.stdout.write(
      `[${outcomes.length}/${trials.length}] ${verdict} · ${trial.name} (${seconds.toFixed(0)} s)\n`,
    );
    if (isWanted(verdict)) continue;
    for (const line of broken) process.stdout.write(`    ${line.slice(0, 600)}\n`);
    if (folder) process.stdout.write(`    evidence: ${folder}\n`);
  }
}
await Promise.all(Array.from({ length: parallel }, lane));

outcomes.sort((a, b) => trials.indexOf(a.trial) - trials.indexOf(b.trial));
process.stdout.write(`\n${renderKillMatrix(outcomes)}\n\n${renderTally(outcomes)}\n`);
if (interrupt.signal.aborted) process.exitCode = 130;
else process.exitCode = outcomes.every(({ verdict }) => isWanted(verdict)) ? 0 : 1;
process.disconnect?.();
