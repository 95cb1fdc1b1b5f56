// Temporary folders that say whose they are, so that they go with it: its warden removes them, or the next run's sweep.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentOwner, isOwnerDead, markFromName, markToName } from './owner.ts';

export interface TempFolder {
  readonly path: string;
  /** Safe to call twice. */
  remove(): void;
}

const NAME = /^testcard-(\d+_[^_]+_\d+)-/;

/** `<tmp>/testcard-<owner>-<name>-XXXXXX`. */
export function createTempFolder(name: string): TempFolder {
  const path = mkdtempSync(join(tmpdir(), `testcard-${markToName(currentOwner())}-${name}-`));
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Names of files and folders in the folder for temporary files whose owner is dead. */
export function orphanedTempNames(): string[] {
  const dead = new Map<string, boolean>();
  return readdirSync(tmpdir()).filter((name) => {
    const mark = NAME.exec(name)?.[1];
    if (mark === undefined) return false;
    const known = dead.get(mark) ?? isOwnerDead(markFromName(mark));
    dead.set(mark, known);
    return known;
  });
}
