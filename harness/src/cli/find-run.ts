// Which stored run a word on the command line means.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { newestRun } from '../report/stored-run.ts';

/** A folder, a name below reports/, or `newest`. Throws USAGE when there is none. */
export function findRun(name: string, reports: string): string {
  if (name === 'newest') return newestRun(reports);
  const below = join(reports, name);
  return !existsSync(name) && existsSync(below) ? below : name;
}
