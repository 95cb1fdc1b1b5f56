// Which process a process id means: ids are used again, a start time is not.

import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * When a process started, as an opaque word without spaces; undefined when it is gone (a zombie is gone: it only waits to be counted).
 * Linux: clock ticks since boot, field 22 of /proc/<pid>/stat. Elsewhere `ps`, some milliseconds a call.
 */
export function processStart(pid: number): string | undefined {
  if (process.platform !== 'linux') return startFromPs(pid);
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the program's name in brackets and may hold spaces and brackets itself; the third is the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function startFromPs(pid: number): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const [state, ...start] = stdout?.trim().split(/\s+/) ?? [];
  if (status !== 0 || state === undefined || state.startsWith('Z') || start.length === 0) return undefined;
  return start.join('-').replaceAll(':', '.');
}

/** Process ids mean something only within their namespace: a container's own processes look like others from outside. */
export const pidNamespace: string = (() => {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0'; // no Linux, or no /proc
  }
})();
