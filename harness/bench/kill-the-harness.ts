// Kills a run of the harness with SIGKILL at random moments, and shows that after the next command nothing of it is left.
//
//   node harness/bench/kill-the-harness.ts [rounds] [suite]
//
// Exit 1 when a process, a claimed port or a temporary folder of a killed run is still there.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/base/clock.ts';
import { markedProcesses } from '../src/runtime/ownership/marked-processes.ts';
import { processStart } from '../src/runtime/ownership/process-identity.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const LAST_MOMENT_MS = 12_000;

const [rounds = '20', suite = 'suites/dubbing/full-pipeline.suite.yaml'] = process.argv.slice(2);

/** Everything below a process, by parent. */
function descendants(pid: number): number[] {
  const parents = readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      return [{ pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }];
    } catch {
      return [];
    }
  });
  const below = (of: number): number[] =>
    parents.filter(({ parent }) => parent === of).flatMap((child) => [child.pid, ...below(child.pid)]);
  return below(pid);
}

const inFolder = (folder: string, prefix: string) =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(prefix)) : [];
const claims = join(tmpdir(), `testcard-ports-${process.getuid?.()}`);

let lost = 0;
for (let round = 1; round <= Number(rounds); round += 1) {
  const run = spawn(process.execPath, [MAIN, 'run', suite], { stdio: 'ignore' });
  const pid = Number(run.pid);
  const momentMs = 200 + Math.random() * (LAST_MOMENT_MS - 200);
  await systemClock.delay(momentMs); // a moment is what is wanted here, not a condition
  const below = descendants(pid).map((each) => ({ pid: each, start: processStart(each) }));
  run.kill('SIGKILL');
  await once(run, 'exit');
  const next = spawnSync(process.execPath, [MAIN, 'list', suite], { encoding: 'utf8' });
  const left = [
    ...below
      .filter((each) => each.start !== undefined && processStart(each.pid) === each.start)
      .map((each) => `process ${each.pid}`),
    ...markedProcesses()
      .filter(({ mark }) => mark.startsWith(`${pid}:`))
      .map(({ command }) => `process ${command}`),
    ...inFolder(tmpdir(), `testcard-${pid}_`).map((name) => `folder ${name}`),
    ...inFolder(claims, '')
      .filter((port) => readFileSync(join(claims, port), 'utf8').startsWith(`${pid}:`))
      .map((port) => `port ${port}`),
  ];
  if (left.length > 0) lost += 1;
  const swept = /swept .*/.exec(`${next.stdout}${next.stderr}`)?.[0] ?? 'nothing to sweep';
  console.log(
    `${round}: killed after ${(momentMs / 1000).toFixed(1)} s with ${below.length} processes below; ${swept}; left: ${left.join(', ') || 'nothing'}`,
  );
}
console.log(`${Number(rounds) - lost} of ${rounds} killed runs left nothing`);
process.exitCode = lost === 0 ? 0 : 1;
