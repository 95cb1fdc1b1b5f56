import { expect, it } from 'vitest';
import type { ContainerControl, ContainerProcess, ContainerState } from '../../model/containers.ts';
import { containerProcesses } from './container-processes.ts';

const never = new AbortController().signal;
const control = (status: ContainerState['status'], processes: Omit<ContainerProcess, 'command'>[], pid = 7) =>
  ({
    inspect: async () => ({ pid, status }),
    processes: async () => processes.map((each) => ({ ...each, command: 'x' })),
  }) as unknown as ContainerControl; // all it asks for

it.each([
  ['a stopped one', 'running', { state: 'T' }, true],
  ['a frozen one of the first generation of control groups', 'paused', { state: 'D', waitsIn: '-' }, true],
  ['a frozen one of the second', 'paused', { state: 'S', waitsIn: 'do_freezer_trap' }, true],
  ['one that waits for a disk', 'running', { state: 'D' }, false],
  ['one that goes on although the engine says it is paused', 'paused', { state: 'R' }, false],
] as const)('%s', async (_, status, process, isStopped) => {
  expect(await containerProcesses(control(status, [{ pid: 7, ...process }]), 'web', 7, never)).toEqual([
    { pid: 7, isStopped },
  ]);
});

it('counts no dead processes, and none of another life', async () => {
  const processes = [
    { pid: 7, state: 'Z' },
    { pid: 8, state: 'S' },
  ];
  expect(await containerProcesses(control('running', processes), 'web', 7, never)).toHaveLength(1);
  expect(await containerProcesses(control('running', processes, 9), 'web', 7, never)).toEqual([]);
});
