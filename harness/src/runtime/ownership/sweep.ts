// What killed runs left behind is ended and removed before anything else is done.

import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.ts';
import { poll } from '../../base/poll.ts';
import { sweepPortClaims } from './claim-ports.ts';
import { hasProc, ledgerNames, notedGroups } from './ledger.ts';
import { markedProcesses } from './marked-processes.ts';
import { isOwnerDead, type OwnerMark } from './owner.ts';
import { orphanedTempNames } from './temp-folder.ts';

export interface Swept {
  /** What was killed: process id and command. */
  processes: { pid: number; command: string }[];
  /** Temporary folders and files, by name. */
  temporary: string[];
  /** Claims on ports. */
  ports: number;
  /** Killed, but still there after two seconds. */
  stuck: number[];
}

export interface SweepOptions {
  clock?: Clock;
  /** Look through /proc (default where there is one) or through the ledgers that guards write elsewhere. */
  via?: 'proc' | 'ledger';
}

const GONE_WITHIN_MS = 2_000;

/** Never touches anything without a mark, nor what belongs to a living owner. Some milliseconds when nothing is there. */
export async function sweep({
  clock = systemClock,
  via = hasProc ? 'proc' : 'ledger',
}: SweepOptions = {}): Promise<Swept> {
  const killed = new Map<number, string>();
  const killOrphans = () => {
    const orphans = via === 'proc' ? orphansInProc() : orphansInLedgers();
    for (const { pid, isLeader, command } of orphans) {
      killed.set(pid, command);
      kill(isLeader ? -pid : pid);
    }
    return orphans.map(({ pid }) => pid);
  };
  let stuck = killOrphans();
  if (stuck.length > 0) {
    // Again until nothing is left: what forks while its parent is killed is found the next time round.
    const gone = await poll(
      () => {
        stuck = killOrphans();
        return stuck.length === 0 ? { done: true, value: true } : { done: false };
      },
      { withinMs: GONE_WITHIN_MS, clock, everyMs: 5 },
    );
    if (gone.ok) stuck = [];
  }
  const temporary = orphanedTempNames();
  for (const name of temporary) rmSync(join(tmpdir(), name), { recursive: true, force: true, maxRetries: 3 });
  return {
    processes: [...killed].map(([pid, command]) => ({ pid, command })),
    temporary,
    ports: sweepPortClaims(),
    stuck,
  };
}

/** One line about a sweep, undefined when there was nothing: `swept 3 processes and 1 temporary folder of a killed run`. */
export function describeSwept({ processes, temporary, ports, stuck }: Swept): string | undefined {
  const count = (n: number, one: string, many: string) => (n === 0 ? [] : [`${n} ${n === 1 ? one : many}`]);
  const parts = [
    ...count(processes.length, 'process', 'processes'),
    ...count(temporary.length, 'temporary folder', 'temporary folders'),
    ...count(ports, 'claimed port', 'claimed ports'),
  ];
  if (parts.length === 0) return undefined;
  const stubborn = stuck.length === 0 ? '' : `; still there: process ${stuck.join(', ')}`;
  return `swept ${parts.join(', ').replace(/, ([^,]*)$/, ' and $1')} of a killed run${stubborn}`;
}

interface Orphan {
  pid: number;
  isLeader: boolean;
  command: string;
}

function orphansInProc(): Orphan[] {
  const marked = markedProcesses();
  const dead = new Map<OwnerMark, boolean>();
  for (const { mark } of marked) if (!dead.has(mark)) dead.set(mark, isOwnerDead(mark));
  // A group is killed whole only when its leader is marked too: a shell's pipeline may hold a marked process beside others.
  return marked
    .filter(({ mark }) => dead.get(mark))
    .map(({ pid, group, command }) => ({ pid, command, isLeader: group === pid }));
}

function orphansInLedgers(): Orphan[] {
  const orphaned = new Set(orphanedTempNames());
  return notedGroups(ledgerNames().filter((name) => orphaned.has(name))).map((pid) => ({
    pid,
    isLeader: true,
    command: 'process group',
  }));
}

function kill(target: number): void {
  try {
    process.kill(target, 'SIGKILL');
  } catch {
    // gone already
  }
}
