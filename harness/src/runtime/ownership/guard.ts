// The guard over everything this process starts: a tiny shell (the warden) at the other end of a pipe, which outlives this process
// however it dies, and then kills the process groups that were entrusted to it.

import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import type { ProcessGuard } from '../../model/processes.ts';
import { hasProc, noteGroup } from './ledger.ts';
import { currentOwner, isOwner, markToName, OWNER_VARIABLE } from './owner.ts';

export interface Guard extends ProcessGuard {
  /** Kills what is still entrusted. The guard cannot be used after. */
  close(): void;
}

// Reads `+ group` and `- group` until the pipe closes. A shell starts in 2 ms and takes 1 MB; it runs in a session of its own, so that
// neither Ctrl-C nor a closed terminal reaches it. For the owner of a run it also finds everything that carries the mark: processes that
// were started in the very moment of death, workers too busy to notice that their parent is gone, temporary folders, claims on ports.
const WARDEN = `
trap '' INT TERM HUP QUIT
mark=$1 name=$2 temp=$3 groups=' '
while IFS= read -r line; do
  group=\${line#??}
  case $line in
    '+ '*) groups="$groups$group " ;;
    '- '*) case $groups in *" $group "*) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
[ -n "$mark" ] || exit 0
for round in 1 2 3 4 5 6 7 8 9 10; do
  found=
  for file in $(grep -lzsxF "${OWNER_VARIABLE}=$mark" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}
    kill -s KILL "\${pid%/environ}" && found=yes
  done
  [ -z "$found" ] && break
done
for round in 1 2 3; do rm -rf -- "$temp/testcard-$name-"* && break; done
for claim in $(grep -lsxF "$mark" "$temp"/testcard-ports-*/[0-9]*); do rm -f -- "$claim"; done
rmdir -- "$temp"/testcard-ports-*
`;

let shared: Guard | undefined;

/** The guard of this process, started at the first call (2–5 ms). */
export function processGuard(): Guard {
  shared ??= openGuard();
  return shared;
}

/** `ledger`: also write down what is adopted, for sweeps where there is no /proc. */
export function openGuard({ ledger = !hasProc }: { ledger?: boolean } = {}): Guard {
  const groups = new Set<number>();
  let closed = false;
  let warden = startWarden();
  const tell = (line: string) => {
    if (!closed) warden.stdin?.write(`${line}\n`);
  };
  const watch = (child: ChildProcess) => {
    child.once('exit', () => {
      if (closed) return;
      // Somebody killed the warden: another takes over what it guarded.
      warden = startWarden();
      watch(warden);
      for (const pid of groups) tell(`+ ${pid}`);
    });
  };
  watch(warden);
  return {
    adopt(pid) {
      if (!Number.isInteger(pid) || pid <= 1) throw new RangeError(`${pid} is no process group to guard`);
      groups.add(pid);
      tell(`+ ${pid}`);
      if (ledger) noteGroup(pid);
      return () => {
        if (groups.delete(pid)) tell(`- ${pid}`);
      };
    },
    close() {
      closed = true;
      warden.stdin?.end();
    },
  };
}

function startWarden(): ChildProcess {
  const mark = isOwner() ? currentOwner() : '';
  const child = spawn('/bin/sh', ['-c', WARDEN, 'testcard-warden', mark, markToName(mark), tmpdir()], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    // Without the mark: the warden must not find itself.
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
  });
  child.on('error', () => {}); // no /bin/sh: what a killed run leaves is found by the next run's sweep
  child.stdin?.on('error', () => {}); // it died; `exit` starts the next
  child.unref();
  if (child.stdin && 'unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return child;
}
