// What the machine itself says of a process group, whatever the runtime believes.

import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { ServiceProcess } from '../../model/faults.ts';

interface Member {
  pid: number;
  /** First letter of the state as ps shows it: R running, S sleeping, T stopped … */
  state: string;
  group: number;
}

/** Living members of a process group: zombies are dead. Linux: /proc; elsewhere `ps`. */
export async function groupMembers(group: number): Promise<ServiceProcess[]> {
  const all = process.platform === 'linux' ? await fromProc() : await fromPs();
  return all
    .filter((each) => each.group === group && !['Z', 'X'].includes(each.state))
    .map(({ pid, state }) => ({ pid, isStopped: state === 'T' }));
}

async function fromProc(): Promise<Member[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const members = await Promise.all(
    pids.map(async (pid): Promise<Member[]> => {
      const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''); // gone since it was listed
      // The program's name stands in brackets and may hold spaces and brackets itself.
      const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return stat === '' || state === undefined ? [] : [{ pid: Number(pid), state, group: Number(group) }];
    }),
  );
  return members.flat();
}

async function fromPs(): Promise<Member[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,pgid=,stat=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid, group, state] = line.trim().split(/\s+/);
    return state === undefined ? [] : [{ pid: Number(pid), group: Number(group), state: state.charAt(0) }];
  });
}
