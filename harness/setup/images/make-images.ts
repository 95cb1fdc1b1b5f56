// Brings the images of this repository up to date on the engine: those that changed, and nothing else.

import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { baseImages } from './base-images.ts';
import { contentHash } from './content-hash.ts';
import { CONTENT_LABEL, type EngineFacts, inspectImages, type LocalImage } from './docker.ts';
import { buildFromGo } from './go-images.ts';
import { registryOf } from './registry.ts';
import { runLong } from './run-long.ts';
import { type BuiltImage, isBuilt, type WantedImage } from './wanted-images.ts';

export interface ImageState {
  image: WantedImage;
  state: 'up to date' | 'out of date' | 'missing';
  local: LocalImage | undefined;
}

export async function imageStates(images: readonly WantedImage[]): Promise<ImageState[]> {
  const there = await inspectImages(images.map((image) => image.name));
  return images.map((image) => {
    const local = there.get(image.name);
    if (local === undefined) return { image, local, state: 'missing' };
    const isCurrent = !isBuilt(image) || local.content === contentHash(image);
    return { image, local, state: isCurrent ? 'up to date' : 'out of date' };
  });
}

export interface MakeOptions {
  engine: EngineFacts;
  /** Without any cache, base images made here included. */
  isForced: boolean;
  say: (line: string) => void;
}

/** Makes every image of `states` that is not up to date (all of them when forced). The first failure does not stop the others. */
export async function makeImages(states: readonly ImageState[], options: MakeOptions): Promise<unknown[]> {
  const { engine, isForced, say } = options;
  const registry = registryOf(say);
  const bases = baseImages(engine, registry, { isFresh: isForced, say });
  const problems: unknown[] = [];
  const fresh = new Set<string>();
  // Two lanes: ours share layers and so come one after another; others' are downloads and compilers, which wait for other things.
  const isDue = ({ state }: ImageState) => state !== 'up to date' || isForced;
  const lane = async (isInLane: (state: ImageState) => boolean) => {
    for (const state of states.filter((state) => isDue(state) && isInLane(state))) await make(state);
  };
  await Promise.all([lane(({ image }) => isBuilt(image)), lane(({ image }) => !isBuilt(image))]);
  return problems;

  async function make({ image, local }: ImageState) {
    const startedAt = performance.now();
    try {
      if (isBuilt(image)) await build(image);
      else await pullOrBuild(image.name);
      const made = (await inspectImages([image.name])).get(image.name);
      if (local !== undefined && made?.id !== local.id) await removeReplaced(local);
      say(`${image.name}: ready in ${((performance.now() - startedAt) / 1000).toFixed(0)} s, ${megabytes(made)}`);
    } catch (error) {
      problems.push(error);
    }
  }

  async function build(image: BuiltImage) {
    const wanted = /^ARG BASE_IMAGE=(\S+)/m.exec(readFileSync(image.dockerfile, 'utf8'))?.[1];
    const base = image.args.BASE_IMAGE === undefined && wanted ? await bases.resolve(wanted) : undefined;
    say(`${image.name}: building …`);
    const args: [string, string][] = Object.entries(image.args);
    if (base) args.push(['BASE_IMAGE', base.name]);
    // Once for each Dockerfile: its other images then share what the first made.
    const isFresh = fresh.has(image.dockerfile);
    fresh.add(image.dockerfile);
    const command = [
      ...['build', '--tag', image.name, '--file', image.dockerfile],
      ...['--label', `${CONTENT_LABEL}=${contentHash(image)}`],
      ...args.flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
      // Where no registry is in reach, bridge networks rarely lead anywhere either.
      ...(base?.isMadeHere ? ['--network', 'host'] : []),
      ...(isForced && !isFresh ? ['--no-cache'] : []),
      image.context,
    ];
    await runLong('docker', command, { what: `building ${image.name}`, say });
  }

  async function pullOrBuild(name: string) {
    const problem = await registry.pull(name);
    if (problem !== undefined) await buildFromGo(name, { engine, problem, say });
  }

  /** Otherwise every build would leave the one before as an image without a name. Fails, rightly, while a container uses it. */
  async function removeReplaced(old: LocalImage) {
    if (old.content !== undefined) await execa('docker', ['image', 'rm', old.id], { reject: false });
  }
}

export const megabytes = (image: LocalImage | undefined) => `${((image?.sizeBytes ?? 0) / 1e6).toFixed(0)} MB`;
