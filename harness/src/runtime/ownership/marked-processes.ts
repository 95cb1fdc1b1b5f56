// Processes that carry an owner's mark in their environment, as Linux shows it under /proc.

import { readdirSync, readFileSync } from 'node:fs';
import { OWNER_VARIABLE, type OwnerMark } from './owner.ts';

export interface MarkedProcess {
  pid: number;
  group: number;
  mark: OwnerMark;
  /** Program and arguments, cut. */
  command: string;
}

const VARIABLE = Buffer.from(`${OWNER_VARIABLE}=`);
const COMMAND_LENGTH = 80;

/** All that this user may see, this process excepted. About 20 µs a process of the machine. */
export function markedProcesses(): MarkedProcess[] {
  const found: MarkedProcess[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const mark = markIn(readFileSync(`/proc/${pid}/environ`));
      if (mark === undefined) continue;
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      found.push({ pid, group, mark, command: command.slice(0, COMMAND_LENGTH) });
    } catch {
      // gone in the meantime, a kernel thread, or another user's
    }
  }
  return found;
}

function markIn(environ: Buffer): OwnerMark | undefined {
  for (let at = environ.indexOf(VARIABLE); at >= 0; at = environ.indexOf(VARIABLE, at + 1)) {
    if (at > 0 && environ[at - 1] !== 0) continue; // the end of another variable's name
    const end = environ.indexOf(0, at);
    return environ.toString('utf8', at + VARIABLE.length, end < 0 ? environ.length : end);
  }
  return undefined;
}
