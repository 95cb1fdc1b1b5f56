// Kills a run of the harness with SIGKILL at random moments, and shows that after the next command nothing of it is left.
//
//   node harness/bench/kill-the-harness.ts [rounds] [suite] [runtime]
//
// Exit 1 when a process, a claimed port, a temporary folder, a container, a network or a volume of a killed run is still there, or when a
// container, a network or a volume of somebody else is not.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/base/clock.ts';
import { toolsImage } from '../src/runtime/compose/side-containers.ts';
import { markedProcesses } from '../src/runtime/ownership/marked-processes.ts';
import { processStart } from '../src/runtime/ownership/process-identity.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const LAST_MOMENT_MS = 12_000;

const [rounds = '20', suite = 'suites/dubbing/full-pipeline.suite.yaml', runtime = 'embedded'] = process.argv.slice(2);

const docker = (...args: string[]): string[] =>
  spawnSync('docker', args, { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
/** `container 3f2a… <owner>` and so on, of everything on the engine; without an owner it is somebody else's. */
function onEngine(): string[] {
  if (runtime !== 'compose') return [];
  const owner = '{{.Label "io.testcard.owner"}}';
  return [
    ...docker('ps', '--all', '--no-trunc', '--format', `container {{.ID}} ${owner}`),
    ...docker('network', 'ls', '--no-trunc', '--format', `network {{.ID}} ${owner}`),
    ...docker('volume', 'ls', '--format', `volume {{.Name}} ${owner}`),
  ];
}
/** Somebody else's things, which must survive every sweep. */
function makeStrangers(): { names: string[]; remove(): void } {
  if (runtime !== 'compose') return { names: [], remove: () => {} };
  const name = `stranger-${process.pid}`;
  const [network = ''] = docker('network', 'create', name);
  const [container = ''] = docker('create', '--name', name, toolsImage(), 'true');
  docker('volume', 'create', name);
  return {
    names: [`network ${network}`, `container ${container}`, `volume ${name}`],
    remove() {
      docker('rm', container);
      docker('network', 'rm', network);
      docker('volume', 'rm', name);
    },
  };
}

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
const strangers = makeStrangers();
for (let round = 1; round <= Number(rounds); round += 1) {
  const run = spawn(process.execPath, [MAIN, 'run', suite, '--runtime', runtime], { stdio: 'ignore' });
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
    ...inFolder(tmpdir(), `testcard-engines-${pid}_`).map((name) => `note ${name}`),
    ...onEngine().filter((line) => line.includes(` ${pid}:`)),
    ...strangers.names
      .filter((name) => !onEngine().some((line) => line.trim() === name))
      .map((name) => `lost: ${name}`),
  ];
  if (left.length > 0) lost += 1;
  const swept = /(?:swept|removed) .*/.exec(`${next.stdout}${next.stderr}`)?.[0] ?? 'nothing to sweep';
  console.log(
    `${round}: killed after ${(momentMs / 1000).toFixed(1)} s with ${below.length} processes below; ${swept}; left: ${left.join(', ') || 'nothing'}`,
  );
}
strangers.remove();
console.log(`${Number(rounds) - lost} of ${rounds} killed runs left nothing`);
process.exitCode = lost === 0 ? 0 : 1;
