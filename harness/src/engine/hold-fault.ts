// A fault that a step asks for: injected and proven before the step ends, reverted when its time is over, at the latest with the case.

import { toTestcardError } from '../model/errors.ts';
import type { ActiveFault } from '../model/faults.ts';
import type { CaseContext } from '../model/ports.ts';

/** `forMs` counts from the injection; without it the fault is held until something reverts it, or the case ends. */
export async function holdFault(
  context: CaseContext,
  key: string,
  input: unknown,
  forMs?: number | undefined,
): Promise<ActiveFault> {
  const { faults, clock, signal, undo } = context;
  const fault = await faults.inject(key, input, signal);
  context.justBroken.atMs = clock.nowMs();
  const revertNow = undo.push(`fault ${fault.title}`, (undoSignal) => fault.revert(undoSignal));
  if (forMs !== undefined) {
    const leftMs = Math.max(0, fault.injectedAtMs + forMs - clock.nowMs());
    clock.delay(leftMs, signal).then(
      () => revertNow().catch((error: unknown) => context.fail(toTestcardError(error))),
      () => {}, // the case ended first: its undo stack reverts
    );
  }
  return fault;
}
