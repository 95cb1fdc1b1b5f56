// Which engines runs use, in the folder for temporary files: so that what a killed run left there is found, and a command that has nothing to
// do with Docker need not look for an engine.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentOwner, isOwnerDead, markFromName, markToName } from './owner.ts';

const NAME = /^testcard-engines-(\d+_[^_]+_\d+)-/;

export interface EngineNote {
  endpoint: string;
  remove(): void;
}

/** Written before anything of a project is made; returns what removes it, for when nothing of the project is left. */
export function noteEngine(endpoint: string, project: string): () => void {
  const path = join(tmpdir(), `testcard-engines-${markToName(currentOwner())}-${project}`);
  writeFileSync(path, `${endpoint}\n`, { mode: 0o600 });
  return () => rmSync(path, { force: true });
}

/** Those of dead owners. */
export function abandonedEngineNotes(): EngineNote[] {
  return readdirSync(tmpdir()).flatMap((name) => {
    const owner = NAME.exec(name)?.[1];
    if (owner === undefined || !isOwnerDead(markFromName(owner))) return [];
    const path = join(tmpdir(), name);
    try {
      return [{ endpoint: readFileSync(path, 'utf8').trim(), remove: () => rmSync(path, { force: true }) }];
    } catch {
      return []; // swept by another command at the same time
    }
  });
}
