// `environment: studio` in a suite → the Compose file that it means.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { TestcardError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import { didYouMean } from './did-you-mean.ts';

/** Compose's own names, in its own order of preference. */
const FILE_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/**
 * `ref` is the name of a folder under `<rootFolder>/compose/`, or a path (to a Compose file or its folder) relative to the
 * suite or to `rootFolder`. Returns an absolute path. Throws COMPOSE_NOT_FOUND with the nearest name.
 */
export function findEnvironment(ref: string, fromSuiteFile: string, rootFolder: string, position?: Position): string {
  const composeFolder = join(rootFolder, 'compose');
  const isPath = /[\\/]/.test(ref) || /\.ya?ml$/.test(ref);
  const candidates = isAbsolute(ref)
    ? [ref]
    : isPath
      ? [resolve(dirname(fromSuiteFile), ref), resolve(rootFolder, ref)]
      : [join(composeFolder, ref)];
  for (const candidate of candidates) {
    const found = composeFileAt(candidate);
    if (found !== undefined) return found;
  }
  throw new TestcardError('COMPOSE_NOT_FOUND', `there is no environment ${ref}`, {
    hint: isPath
      ? `looked for ${[...new Set(candidates)].join(' and ')}`
      : didYouMean(ref, listEnvironments(rootFolder), `environments under ${composeFolder}`),
    position,
  });
}

/** Names of the folders under `<rootFolder>/compose/` that hold a Compose file. */
function listEnvironments(rootFolder: string): string[] {
  const folder = join(rootFolder, 'compose');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => composeFileAt(join(folder, name)) !== undefined)
    .sort();
}

function composeFileAt(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile()) return /\.ya?ml$/.test(path) ? path : undefined;
  if (!stats?.isDirectory()) return undefined;
  return FILE_NAMES.map((name) => join(path, name)).find((file) => existsSync(file));
}
