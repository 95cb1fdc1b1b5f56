// The processes of a container: as its engine lists them, or as this machine does where the engine has no list.

import { readdir, readFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import type { ContainerProcess } from '../../model/containers.ts';
import type { Engine } from './engine.ts';

/** Empty for a container that does not run. */
export async function containerProcesses(
  container: Docker.Container,
  { isLocal, isPodman }: Pick<Engine, 'isLocal' | 'isPodman'>,
): Promise<ContainerProcess[]> {
  const { State } = await container.inspect();
  if (!State.Running) return [];
  // Podman's answer to this question of Docker's is empty (4.3).
  if (isPodman && isLocal) return besides(State.Pid);
  const top = await listed(container).catch(async (error: unknown) => {
    // It may end between the two questions.
    if ((await container.inspect()).State.Running) throw error;
    return { Processes: null };
  });
  return (top.Processes ?? []).map(([pid = '0', state = '?', waitsIn = '', command = '']) => ({
    pid: Number(pid),
    state: state.charAt(0),
    waitsIn,
    command,
  }));
}

const listed = (container: Docker.Container) =>
  container.top({ ps_args: '-o pid,stat,wchan:32,comm' }) as Promise<{ Processes: string[][] | null }>;

/** All that are in the control groups of a process (cgroups(7)): a container has its own. */
async function besides(first: number): Promise<ContainerProcess[]> {
  const read = (pid: string | number, name: string) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '');
  const groups = await read(first, 'cgroup');
  if (groups === '') return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid): Promise<ContainerProcess[]> => {
      if ((await read(pid, 'cgroup')) !== groups) return [];
      const [stat, waitsIn] = await Promise.all([read(pid, 'stat'), read(pid, 'wchan')]);
      // The program's name stands in brackets and may hold spaces and brackets itself.
      const [, command = '', state = ''] = /^\d+ \((.*)\) (\S)/s.exec(stat) ?? [];
      return state === '' ? [] : [{ pid: Number(pid), state, waitsIn, command }];
    }),
  );
  return found.flat();
}
