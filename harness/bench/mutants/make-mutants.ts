// Builds the fixtures that mutants are made from, and the mutants.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildFixture, type Fixture, parseRecipe, runTool } from '../../src/media/index.ts';
import { MUTANT_SECONDS, type Mutant, mutantPath, type Sources } from './mutants.ts';

const RECIPE = `
duration: ${MUTANT_SECONDS}s
video: { size: 640x360, rate: 30, keyframe-every: 6, bitrate-kbps: 2000 }
`;

export interface MutantBench {
  fixture: Fixture;
  bFrames: Fixture;
  make(mutant: Mutant): Promise<string>;
}

/** `folder` holds fixtures and mutants; the caller removes it. */
export async function openMutantBench(folder: string, signal: AbortSignal): Promise<MutantBench> {
  await mkdir(folder, { recursive: true });
  const recipe = (name: string, text: string) => parseRecipe(text, join(folder, `${name}.yaml`));
  const build = (name: string, text: string, seed: string) => buildFixture(recipe(name, text), { signal, seed });
  const fixture = await build('mutants', RECIPE, 'this run');
  const otherRun = await build('mutants', RECIPE, 'an earlier run');
  const bFrames = await build('mutants-b', RECIPE.replace('video: {', 'video: { b-frames: 3,'), 'this run');
  const sources: Sources = { fixture: fixture.path, otherRun: otherRun.path, bFrames: bFrames.path };
  return {
    fixture,
    bFrames,
    async make(mutant) {
      const path = mutantPath(folder, mutant);
      const result = await runTool('ffmpeg', ['-loglevel', 'error', '-y', ...mutant.args(sources), path], { signal });
      if (result.exitCode !== 0) throw new Error(`could not make mutant ${mutant.name}: ${result.reason}`);
      return path;
    },
  };
}
