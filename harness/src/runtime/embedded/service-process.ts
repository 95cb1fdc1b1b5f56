// One life of a service: a process group, its output cut into lines, and how it ended.

import { spawn } from 'node:child_process';
import { splitLines } from '../../base/lines.ts';
import { readPaced, withPausableOutput } from '../../base/paced-reading.ts';
import type { ProcessGuard } from '../../model/processes.ts';
import type { ServiceExit, ServiceLife } from '../supervision/service-life.ts';
import type { ServiceCommand } from './service-command.ts';

// Output of a killed group ends at once; what still holds the pipe after this is outside the group and not waited for.
const OUTPUT_WAIT_MS = 500;

/** Its end is the end of the process; the rest of its group is killed with it. */
export function startServiceProcess(
  command: ServiceCommand,
  guard: ProcessGuard,
  onLine: (stream: 'stdout' | 'stderr', text: string) => void,
): ServiceLife {
  const [program, ...args] = command.argv;
  const child = withPausableOutput(() =>
    spawn(program, args, {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  const { pid } = child;
  const release = pid === undefined ? () => {} : guard.adopt(pid);
  const signal = (name: NodeJS.Signals) => {
    if (pid !== undefined) signalGroup(pid, name);
  };
  for (const stream of ['stdout', 'stderr'] as const) {
    const lines = splitLines((text) => onLine(stream, text));
    readPaced(child[stream], (chunk) => lines.push(chunk));
    child[stream].on('end', () => lines.end());
    child[stream].on('error', () => {});
  }
  const ended = new Promise<ServiceExit>((resolve) => {
    child.once('error', (error) => {
      if (pid === undefined) resolve({ problem: `${program} could not be started: ${error.message}` });
    });
    child.once('exit', (code, signalName) => {
      // Children that the process left behind go with it.
      signal('SIGKILL');
      release();
      const exit: ServiceExit = {
        ...(code === null ? {} : { code }),
        ...(signalName === null ? {} : { signal: signalName }),
      };
      const timer = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, OUTPUT_WAIT_MS);
      child.once('close', () => {
        clearTimeout(timer);
        resolve(exit);
      });
    });
  });
  return { pid, ended, signal, terminate: () => signal('SIGTERM') };
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // the group is gone already
  }
}
