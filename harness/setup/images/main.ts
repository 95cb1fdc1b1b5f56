// `npm run images`: makes or gets every image that the Compose files of this repository name.

import { join } from 'node:path';
import Table from 'cli-table3';
import { Command, CommanderError } from 'commander';
import { EXIT_CODES, TestcardError, toTestcardError } from '../../src/model/errors.ts';
import { askEngine } from './docker.ts';
import { type ImageState, imageStates, makeImages, megabytes } from './make-images.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { isBuilt, wantedImages } from './wanted-images.ts';

const root = join(import.meta.dirname, '../../..');
const say = (line: string) => console.log(`images: ${line}`);

const command = new Command('npm run images --')
  .description(
    'Makes or gets every image that the Compose files under compose/ name; does nothing for what is up to date.',
  )
  .argument('[names...]', 'only images whose name contains one of these words')
  .option('--list', 'show the images, their state and size; make nothing')
  .option('--force', 'make them again without any cache')
  .exitOverride()
  .addHelpText(
    'after',
    `
Where a registry answers, others' images and the bases of ours are pulled. Where none does, bases are made of Debian packages, and
MediaMTX and Toxiproxy are built from their Go modules.

Examples:
  npm run images                     all that changed
  npm run images -- --list           what is there
  npm run images -- echo-sts tools   two of them
  npm run images -- --force mediamtx build it again

Exit code: 0 all there, 2 usage, 3 something could not be made.`,
  );

async function run(): Promise<void> {
  command.parse();
  const { list, force = false } = command.opts<{ list?: boolean; force?: boolean }>();
  const startedAt = performance.now();
  const [engine, wanted] = await Promise.all([askEngine(), wantedImages(root)]);
  const chosen = wanted.filter(
    ({ name }) => command.args.length === 0 || command.args.some((word) => name.includes(word)),
  );
  if (chosen.length === 0) {
    const names = wanted.map(({ name }) => name).join(', ');
    throw new TestcardError('USAGE', `no image is called ${command.args.join(' or ')}`, { hint: `there are ${names}` });
  }
  const states = await imageStates(chosen);
  if (list) return console.log(table(states));
  if (!force && states.every(({ state }) => state === 'up to date'))
    return say(`${chosen.length} of ${chosen.length} up to date`);
  const problems = await oneAtATime(
    // Asked again: the run that was waited for may have made them.
    async () => makeImages(force ? states : await imageStates(chosen), { engine, isForced: force, say }),
    { say },
  );
  for (const problem of problems) report(problem);
  const made = chosen.length - problems.length;
  say(`${made} of ${chosen.length} up to date after ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  if (problems.length > 0) process.exitCode = EXIT_CODES.inconclusive;
}

function table(states: readonly ImageState[]): string {
  const rows = states.map(({ image, state, local }) => [
    image.name,
    state,
    local ? megabytes(local) : '',
    isBuilt(image) ? 'this repository' : (local?.content ?? (local ? 'a registry' : '')),
  ]);
  const shown = new Table({ head: ['image', 'state', 'size', 'from'], style: { head: [], border: [], compact: true } });
  shown.push(...rows);
  return shown.toString();
}

function report(problem: unknown): void {
  const { message, hint, detail } = toTestcardError(problem);
  for (const line of Array.isArray(detail) ? detail.slice(0, -1) : []) console.error(`  | ${line}`);
  console.error(`images: ${message}${hint ? `; ${hint}` : ''}`);
}

try {
  await run();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_CODES.usage;
  else {
    report(error);
    process.exitCode = EXIT_CODES[toTestcardError(error).kind];
  }
}
