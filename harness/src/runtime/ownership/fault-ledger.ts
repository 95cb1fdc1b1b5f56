// Faults in force, on disk: written before anything is touched, so that those of a killed run are found.

import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentOwner, isOwnerDead, markFromName, markToName } from './owner.ts';

/** What the ledger keeps of a fault; `record` is what its kind needs to undo it. */
export interface LedgerEntry {
  id: string;
  key: string;
  title: string;
  record: unknown;
  askedAtMs: number;
  leaseUntilMs: number;
  /** Processes that the fault lives in or was done to: with them gone, it is gone. */
  processes: { pid: number; start: string }[];
}

const NAME = /^testcard-faults-(\d+_[^_]+_\d+)-\d+\.json$/;
let count = 0;

/** One file a fault runner, rewritten whole with each change: a fault is rare and small. */
export function openFaultLedger(processesNow: () => LedgerEntry['processes']) {
  count += 1;
  const path = join(tmpdir(), `testcard-faults-${markToName(currentOwner())}-${process.pid}${count}.json`);
  const entries = new Map<string, LedgerEntry>();
  const write = () => {
    if (entries.size === 0) {
      rmSync(path, { force: true });
      return;
    }
    // Renamed into place: a reader never sees half a file.
    writeFileSync(`${path}.part`, JSON.stringify([...entries.values()]), { mode: 0o600 });
    renameSync(`${path}.part`, path);
  };
  return {
    begin(entry: Omit<LedgerEntry, 'processes'>): void {
      entries.set(entry.id, { ...entry, processes: processesNow() });
      write();
    },
    end(id: string): void {
      if (entries.delete(id)) write();
    },
  };
}

export interface LeftFaults {
  path: string;
  entries: LedgerEntry[];
}

/** Ledgers whose owner is dead. */
export function leftFaults(): LeftFaults[] {
  return readdirSync(tmpdir()).flatMap((name) => {
    const owner = NAME.exec(name)?.[1];
    if (owner === undefined || !isOwnerDead(markFromName(owner))) return [];
    const path = join(tmpdir(), name);
    try {
      return [{ path, entries: JSON.parse(readFileSync(path, 'utf8')) as LedgerEntry[] }];
    } catch {
      return [{ path, entries: [] }]; // swept by another command at the same time
    }
  });
}
