// A hash over all that goes into an image that is built here, so that the same content is never built twice.

import { createHash, type Hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BuiltImage } from './wanted-images.ts';

/**
 * The Dockerfile, its arguments, and every file of the context that its COPY lines name. The base image does not count: a newer one is no
 * reason to build again unasked.
 */
export function contentHash(image: BuiltImage): string {
  const dockerfile = readFileSync(image.dockerfile, 'utf8');
  const hash = createHash('sha256');
  hash.update(dockerfile);
  hash.update(JSON.stringify(Object.entries(image.args).sort()));
  for (const path of copiedPaths(dockerfile, image.args)) addTree(hash, image.context, path);
  return hash.digest('hex').slice(0, 32);
}

/** What the Dockerfile's COPY lines take from the context, with arguments filled in. */
export function copiedPaths(dockerfile: string, args: Record<string, string>): string[] {
  const lines = dockerfile.replaceAll(/\\\n/g, ' ').split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([word, second]) => word === 'COPY' && !second?.startsWith('--from'))
    .flatMap((words) => words.slice(1, -1).filter((word) => !word.startsWith('--')))
    .map((path) => path.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => args[name] ?? ''));
}

function addTree(hash: Hash, root: string, path: string): void {
  const full = join(root, path);
  if (!existsSync(full)) return; // the build itself says that it is missing
  if (!statSync(full).isDirectory()) {
    hash.update(`${path}\0`).update(readFileSync(full)).update('\0');
    return;
  }
  for (const name of readdirSync(full).sort()) addTree(hash, root, join(path, name));
}
