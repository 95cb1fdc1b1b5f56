// The guard over everything this process starts: a tiny shell (the warden) at the other end of a pipe, which outlives this process
// however it dies, then kills the process groups and removes the folders that were entrusted to it.

import { type ChildProcess, spawn } from 'node:child_process';
import type { ProcessGuard } from '../../model/processes.ts';
import { hasProc, noteGroup } from './ledger.ts';
import { currentOwner, isOwner, OWNER_VARIABLE } from './owner.ts';

export interface Guard extends ProcessGuard {
  /** Removes the folder when this process dies. Returns the end of that. */
  adoptFolder(path: string): () => void;
  /** Kills and removes what is still entrusted. The guard cannot be used after. */
  close(): void;
}

// Reads `+ group`, `- group`, `f folder`, `g folder` (forget) until the pipe closes. A shell starts in 2 ms and takes 1 MB; it runs in a
// session of its own, so that neither Ctrl-C nor a closed terminal reaches it. For the owner of a run it also looks for marked processes:
// those that were started in the very moment of death, and workers too busy to notice that their parent is gone.
const WARDEN = `
trap '' INT TERM HUP QUIT
mark=$1; groups=' '; folders='
'
while IFS= read -r line; do
  word=\${line#??}
  case $line in
    '+ '*) groups="$groups$word " ;;
    '- '*) case $groups in *" $word "*) groups="\${groups%%" $word "*} \${groups#*" $word "}" ;; esac ;;
    'f '*) folders="$folders$word
" ;;
    'g '*) case $folders in *"
$word
"*) folders="\${folders%%"
$word
"*}
\${folders#*"
$word
"}" ;; esac ;;
  esac
done
for group in $groups; do kill -KILL -- "-$group"; done
if [ -n "$mark" ] && [ -d /proc/self ]; then
  for round in 1 2 3 4 5 6 7 8 9 10; do
    found=
    for file in $(grep -lzsxF "$mark" /proc/[0-9]*/environ); do
      pid=\${file#/proc/}
      kill -KILL "\${pid%/environ}" && found=yes
    done
    [ -z "$found" ] && break
  done
fi
printf '%s' "$folders" | while IFS= read -r folder; do
  case $folder in /*) for round in 1 2 3; do rm -rf -- "$folder" && break; done ;; esac
done
`;

let shared: Guard | undefined;

/** The guard of this process, started at the first call (2–5 ms). */
export function processGuard(): Guard {
  shared ??= openGuard();
  return shared;
}

/** `ledger`: also write down what is adopted, for sweeps where there is no /proc. */
export function openGuard({ ledger = !hasProc }: { ledger?: boolean } = {}): Guard {
  const mark = isOwner() ? `${OWNER_VARIABLE}=${currentOwner()}` : '';
  const groups = new Set<number>();
  const folders = new Set<string>();
  let closed = false;
  let warden = startWarden(mark);
  const tell = (line: string) => {
    if (!closed) warden.stdin?.write(`${line}\n`);
  };
  const watch = (child: ChildProcess) => {
    child.once('exit', () => {
      if (closed) return;
      // Somebody killed the warden: another takes over what it guarded.
      warden = startWarden(mark);
      watch(warden);
      for (const pid of groups) tell(`+ ${pid}`);
      for (const path of folders) tell(`f ${path}`);
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
    adoptFolder(path) {
      folders.add(path);
      tell(`f ${path}`);
      return () => {
        if (folders.delete(path)) tell(`g ${path}`);
      };
    },
    close() {
      closed = true;
      warden.stdin?.end();
    },
  };
}

function startWarden(mark: string): ChildProcess {
  const child = spawn('/bin/sh', ['-c', WARDEN, 'testcard-warden', mark], {
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
