// A worker process ends when the process that started it does, however that went; its guard then ends what the worker had started.

import { hasProc } from './ledger.ts';
import { currentOwner, isOwnerDead } from './owner.ts';

// Two system calls each time. Not the channel's `disconnect`: it comes before the parent is seen gone, and from living parents too.
const LOOK_EVERY_MS = 100;

/**
 * For worker processes. `die` is what to do (default: SIGKILL to this process, so that nothing of it goes on; its warden then kills its
 * process groups). A worker that is too busy to notice is killed by the warden of the owner. Returns the end of the watch.
 */
export function dieWithParent(die: () => void = () => process.kill(process.pid, 'SIGKILL')): () => void {
  const parent = process.ppid;
  const owner = currentOwner();
  // Looking up an owner elsewhere than on Linux starts a program: once is enough there, the parent tells the rest.
  const isGone = (first: boolean) => process.ppid !== parent || ((hasProc || first) && isOwnerDead(owner));
  const timer = setInterval(() => {
    if (!isGone(false)) return;
    clearInterval(timer);
    die();
  }, LOOK_EVERY_MS);
  timer.unref();
  if (isGone(true)) {
    clearInterval(timer);
    die();
  }
  return () => clearInterval(timer);
}
