// Where a project keeps its things, relative to the folder that commands are run in.

import { join } from 'node:path';

export interface ProjectFolders {
  root: string;
  fixtures: string;
  reports: string;
}

/** The working folder is the project: `suites/`, `compose/`, `fixtures/` and `reports/` are below it. */
export function projectFolders(root = process.cwd()): ProjectFolders {
  return { root, fixtures: join(root, 'fixtures'), reports: join(root, 'reports') };
}
