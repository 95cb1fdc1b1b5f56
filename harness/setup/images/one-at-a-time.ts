// One maker of images at a time on a machine: a second one waits, and then finds them made.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { poll } from '../../src/base/poll.ts';
import { TestcardError } from '../../src/model/errors.ts';
import { processStart } from '../../src/runtime/ownership/process-identity.ts';

const WAIT_MS = 15 * 60_000;

/** Runs `work` while holding the lock; `say` is told once when another process holds it. A lock whose owner is dead is taken over. */
export async function oneAtATime<T>(
  work: () => Promise<T>,
  {
    say,
    file = join(tmpdir(), `testcard-images-${process.getuid?.() ?? 0}.lock`),
  }: { say: (line: string) => void; file?: string },
): Promise<T> {
  const mine = `${process.pid} ${processStart(process.pid)}`;
  let isTold = false;
  const taken = await poll(
    () => {
      const holder = tryToTake(file, mine);
      if (holder === undefined) return { done: true as const, value: undefined };
      if (!isTold) say(`another run makes images (process ${holder}); waiting for it …`);
      isTold = true;
      return { done: false as const, last: holder };
    },
    { withinMs: WAIT_MS, clock: systemClock, maxEveryMs: 500 },
  );
  if (!taken.ok) {
    throw new TestcardError(
      'IMAGE_MISSING',
      `process ${taken.last} has been making images for ${WAIT_MS / 60_000} minutes`,
      {
        hint: `end it, or remove ${file}`,
      },
    );
  }
  const release = () => {
    if (read(file) === mine) rmSync(file, { force: true });
  };
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

/** Undefined when the lock is ours now, otherwise the id of the process that holds it. */
function tryToTake(file: string, mine: string): string | undefined {
  try {
    writeFileSync(file, mine, { flag: 'wx' });
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const [pid = '', start = ''] = (read(file) ?? '').split(' ');
  // Empty for a moment between its creation and its text.
  if (pid !== '' && processStart(Number(pid)) !== start) rmSync(file, { force: true });
  return pid || 'unknown';
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
