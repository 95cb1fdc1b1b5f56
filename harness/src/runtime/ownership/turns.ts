// Turns for what several processes of this machine want to do, and only a few should at a time.

import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { poll } from '../../base/poll.ts';
import { TestcardError } from '../../model/errors.ts';
import { processStart } from './process-identity.ts';

export interface Turns {
  name: string;
  /** How many at a time. */
  slots: number;
  withinMs: number;
}

/** Resolves with what ends the turn. A turn ends with its process, however that ends. Throws STEP_INCONCLUSIVE when none came in time. */
export async function takeTurn(
  { name, slots, withinMs }: Turns,
  clock: Clock,
  signal: AbortSignal,
): Promise<() => void> {
  const folder = join(tmpdir(), `testcard-turns-${process.getuid?.() ?? 'user'}-${name}`);
  const own = `${process.pid} ${processStart(process.pid) ?? '0'}`;
  const result = await poll<string>(
    () => {
      for (let slot = 0; slot < slots; slot += 1) {
        const path = join(folder, String(slot));
        if (claim(folder, path, own)) return { done: true, value: path };
      }
      return { done: false, last: `${slots} others have theirs` };
    },
    { withinMs, clock, signal, everyMs: 20, maxEveryMs: 200 },
  );
  if (!result.ok) {
    throw new TestcardError('STEP_INCONCLUSIVE', `no turn for ${name} within ${withinMs} ms: ${result.last}`);
  }
  return () => {
    rmSync(result.value, { force: true });
    try {
      rmdirSync(folder);
    } catch {
      // others have turns
    }
  };
}

function claim(folder: string, path: string, own: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(path, own, { flag: 'wx' });
    return true;
  } catch {
    // Taken; or the folder went away as another's turn ended, and the next look will do.
  }
  try {
    const [pid = '', start] = readFileSync(path, 'utf8').split(' ');
    // An empty file is one that is being written.
    if (pid !== '' && processStart(Number(pid)) !== start) rmSync(path, { force: true });
  } catch {
    // given back in this moment
  }
  return false;
}
