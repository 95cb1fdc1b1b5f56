// Which images the repository needs: those that its Compose files name, and how each comes about, told by Compose itself.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { TestcardError } from '../../src/model/errors.ts';

/** An image that is built from this repository. */
export interface BuiltImage {
  name: string;
  context: string;
  dockerfile: string;
  args: Record<string, string>;
}

/** An image of others, with its version pinned. */
export interface PinnedImage {
  name: string;
}

export type WantedImage = BuiltImage | PinnedImage;

export const isBuilt = (image: WantedImage): image is BuiltImage => 'dockerfile' in image;

interface ComposeModel {
  services?: Record<
    string,
    { image?: string; build?: { context: string; dockerfile?: string; args?: Record<string, string | null> } }
  >;
}

/** The Compose files under `compose/`: each pipeline's `compose.yaml`, and `images/images.yaml`. */
export function composeFiles(rootFolder: string): string[] {
  const folder = join(rootFolder, 'compose');
  return readdirSync(folder)
    .sort()
    .flatMap((name) => ['compose.yaml', 'compose.yml', 'images.yaml'].map((file) => join(folder, name, file)))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}

export async function wantedImages(rootFolder: string): Promise<WantedImage[]> {
  const models = await Promise.all(composeFiles(rootFolder).map(readModel));
  const images = new Map<string, WantedImage>();
  for (const service of models.flatMap((model) => Object.values(model.services ?? {}))) {
    const { image: name, build } = service;
    if (name === undefined) continue;
    if (build === undefined) {
      if (!images.has(name)) images.set(name, { name });
      continue;
    }
    const args = Object.fromEntries(Object.entries(build.args ?? {}).map(([key, value]) => [key, value ?? '']));
    images.set(name, {
      name,
      context: build.context,
      dockerfile: join(build.context, build.dockerfile ?? 'Dockerfile'),
      args,
    });
  }
  // Ours first: a pinned one may take minutes where it has to be built.
  return [...images.values()].sort((a, b) => Number(isBuilt(b)) - Number(isBuilt(a)) || a.name.localeCompare(b.name));
}

async function readModel(file: string): Promise<ComposeModel> {
  const args = ['compose', '-f', file, 'config', '--format', 'json'];
  const result = await execa('docker', args, { reject: false, env: { COMPOSE_PROFILES: '*' } });
  if (result.exitCode === 0) return JSON.parse(result.stdout) as ComposeModel;
  const noPlugin = /is not a docker command|unknown shorthand flag/.test(result.stderr);
  throw noPlugin
    ? new TestcardError('ENGINE_MISSING', 'docker has no Compose plugin', {
        hint: 'install docker-compose-plugin (Compose v2); on a bare Debian as root: .ci/docker-engine',
      })
    : new TestcardError('COMPOSE_INVALID', `Compose cannot read ${file}: ${result.stderr.trim().split('\n').at(-1)}`);
}
