// What every command does first: become the owner of all it starts, and end what killed runs left behind.

import { abandonedEngineNotes } from '../runtime/ownership/engine-notes.ts';
import { processGuard } from '../runtime/ownership/guard.ts';
import { ownFromHere } from '../runtime/ownership/owner.ts';
import { describeSwept, sweep } from '../runtime/ownership/sweep.ts';
import { createTempFolder } from '../runtime/ownership/temp-folder.ts';
import { undoLeftFaults } from './left-faults.ts';

/** `print` gets one line when something was swept. */
export async function claimOwnership(print: (line: string) => void): Promise<void> {
  ownFromHere();
  processGuard();
  const line = describeSwept(await sweep());
  if (line !== undefined) print(line);
  // Only then is the engine's client worth loading.
  if (abandonedEngineNotes().length > 0) {
    const { sweepEngines } = await import('../runtime/compose/sweep-engines.ts');
    for (const swept of await sweepEngines()) print(swept);
  }
  for (const undone of await undoLeftFaults()) print(`fault of a killed run: ${undone}`);
}

/**
 * From here until `restore`, temporary files of this process go to a folder that goes with its owner: for libraries whose own folders nobody
 * would find after a kill.
 */
export function ownTemporaryFolder(): { restore(): void; remove(): void } {
  const folder = createTempFolder('vitest');
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder.path;
  return {
    restore() {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    },
    remove: () => folder.remove(),
  };
}
