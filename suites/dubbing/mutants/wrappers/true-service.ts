// Starts the true service as a child of the wrapper: in its process group, so that every signal to the group reaches both, and dead with it.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../../../..');

/** `argv` as a child that the kernel ends with this process, also when this one has no time left to do it. */
export function startChild(
  argv: [string, ...string[]],
  options: { env: NodeJS.ProcessEnv; stdio: ('pipe' | 'inherit' | 'ignore')[] },
): ChildProcess {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file));
  const [file, ...args] = setpriv ? [setpriv, '--pdeathsig', 'KILL', ...argv] : argv;
  return spawn(file, args, { ...options, cwd: ROOT });
}

export function startTrueService(service: string, env: NodeJS.ProcessEnv): ChildProcess {
  return startChild([process.execPath, join(ROOT, 'services', service, 'src/main.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
