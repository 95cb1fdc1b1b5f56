// Which processes go first on a busy machine: what runs by the clock before what nobody waits for by the clock.

import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * `low`: work over files, which keep. `high`: sends or receives in real time and takes little, so that going first costs the others nothing and
 * going last shows in what is measured (a publisher that is late by 80 ms is a source that is late by 80 ms).
 */
export type ProcessorShare = 'low' | 'high';

/**
 * A third of the usual weight, and nine times as much (sched(7)). Less than a third, and on a machine that is wholly taken what a verdict waits for
 * takes a minute instead of some seconds.
 */
const NICE: Record<ProcessorShare, number> = { low: 5, high: -10 };

/**
 * Sets a process's share of the machine's processors. Where it may not be done (more needs privileges), it stays as it is.
 *
 * Linux with autogroups (sched(7), "The autogroup feature") shares the processor among sessions first and looks at nice only within
 * one. A process in a session of its own must therefore have its group's nice set as well, or it counts as much as the whole harness.
 */
export function setProcessorShare(pid: number, share: ProcessorShare): void {
  const nice = NICE[share];
  const tries = [() => setPriority(pid, nice), () => writeFileSync(`/proc/${pid}/autogroup`, String(nice))];
  for (const attempt of tries) {
    try {
      attempt();
    } catch {
      // not this kernel, not allowed, or over already
    }
  }
}
