// Ctrl-C, SIGTERM and a launcher that is gone: the first asks everything to end and clean up, the second gives up at once.

import { TestcardError } from '../model/errors.ts';

const controller = new AbortController();

/** Aborts, with an INTERRUPTED error as reason, when the user wants the command to end. */
export const interruptSignal: AbortSignal = controller.signal;

export function onInterrupt(): { dispose(): void } {
  const interrupt = (what: string) => {
    if (controller.signal.aborted) {
      process.stderr.write(`testcard: ${what} again: giving up at once\n`);
      process.exit(130); // what was started is ended by the guard process
    }
    process.stderr.write(`testcard: ${what}: cleaning up (once more to give up at once)\n`);
    process.exitCode = 130;
    controller.abort(new TestcardError('INTERRUPTED', `interrupted by ${what}`));
  };
  const onInt = () => interrupt('Ctrl-C');
  const onTerm = () => interrupt('SIGTERM');
  const onHup = () => interrupt('the terminal closing');
  const onLauncherGone = () => interrupt('the launcher ending');
  process.on('SIGINT', onInt);
  process.on('SIGTERM', onTerm);
  process.on('SIGHUP', onHup);
  process.on('disconnect', onLauncherGone);
  return {
    dispose() {
      process.off('SIGINT', onInt);
      process.off('SIGTERM', onTerm);
      process.off('SIGHUP', onHup);
      process.off('disconnect', onLauncherGone);
      if (process.connected) process.disconnect();
    },
  };
}
