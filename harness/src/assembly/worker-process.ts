// A Vitest worker: dies with the command that started it, and leaves Ctrl-C to that command.

import { dieWithParent } from '../runtime/ownership/die-with-parent.ts';
import { processGuard } from '../runtime/ownership/guard.ts';

let guarded = false;

export function guardWorkerProcess(): void {
  if (guarded) return;
  guarded = true;
  processGuard();
  dieWithParent();
  // A terminal sends Ctrl-C to the whole group; the command cancels the run, and cases then end in order.
  process.on('SIGINT', () => {});
}
