// Work that nobody waits for by the clock gives way to what runs in real time beside it.

import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** A ninth of the usual weight (sched(7)): hardly felt by the others, and still getting on where the machine is never idle. */
const NICE = 10;

/**
 * Makes a process give way to the others on the machine. Where it may not be done, it stays as it is: slower for the others, not wrong.
 *
 * Linux with autogroups (sched(7), "The autogroup feature") shares the processor among sessions first and looks at nice only within
 * one. A process in a session of its own must therefore have its group's nice set as well, or it counts as much as the whole harness.
 */
export function yieldProcessor(pid: number): void {
  const tries = [() => setPriority(pid, NICE), () => writeFileSync(`/proc/${pid}/autogroup`, String(NICE))];
  for (const attempt of tries) {
    try {
      attempt();
    } catch {
      // not this kernel, not allowed, or over already
    }
  }
}
