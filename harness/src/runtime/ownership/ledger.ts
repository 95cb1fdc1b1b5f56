// Where there is no /proc to look through, what was started is written down, for the next run to find.

import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentOwner, markToName } from './owner.ts';
import { processStart } from './process-identity.ts';

export const hasProc = process.platform === 'linux';

/** Notes a process group with its leader's start time, so that the number used again by another process is told apart. */
export function noteGroup(pid: number): void {
  const path = join(tmpdir(), `testcard-${markToName(currentOwner())}-ledger-${process.pid}`);
  appendFileSync(path, `${pid} ${processStart(pid) ?? 'gone'}\n`);
}

/** Groups in the ledgers named so whose leader still runs. */
export function notedGroups(ledgerNames: string[]): number[] {
  const groups: number[] = [];
  for (const name of ledgerNames) {
    for (const line of readFileSync(join(tmpdir(), name), 'utf8').split('\n')) {
      const [pid, start] = line.split(' ');
      if (Number(pid) > 1 && start !== undefined && processStart(Number(pid)) === start) groups.push(Number(pid));
    }
  }
  return groups;
}

/** Ledgers in the folder for temporary files, by file name. */
export function ledgerNames(): string[] {
  return readdirSync(tmpdir()).filter((name) => /^testcard-\d+_[^_]+_\d+-ledger-\d+$/.test(name));
}
