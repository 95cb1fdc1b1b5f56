// Builds the fixtures that a run needs before it starts, so that no case spends its time on encoding.

import { formatDurationMs } from '../base/duration.ts';
import {
  buildFixture,
  type Fixture,
  type FixtureRecipe,
  findRecipe,
  isFixtureBuilt,
  loadRecipes,
  measureRecording,
} from '../media/index.ts';
import { TestcardError } from '../model/errors.ts';
import { MEASURE_NAMES, type Measurements } from '../model/measurements.ts';
import type { Case, StepNode, Suite } from '../model/suite.ts';
import { projectFolders } from './project.ts';

/** Names of the fixtures that steps publish, however nested. */
export function fixturesOf(cases: readonly Case[]): string[] {
  const names = new Set<string>();
  const visit = (steps: readonly StepNode[]) => {
    for (const { kind, input } of steps) {
      if (input === undefined) continue;
      for (const use of kind.uses?.(input) ?? []) if (use.kind === 'fixture') names.add(use.name);
      visit(kind.children?.(input).steps ?? []);
    }
  };
  for (const kase of cases) visit(kase.steps);
  return [...names];
}

/** Builds what is missing, one after the other (each uses every processor); says what it does through `print`. */
export async function prepareFixtures(
  selected: readonly { suite: Suite; cases: Case[] }[],
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<void> {
  const names = new Set(selected.flatMap(({ cases }) => fixturesOf(cases)));
  if (names.size === 0) return;
  const recipes = await loadRecipes(projectFolders().fixtures);
  for (const name of names) await buildNamed(findRecipe(recipes, name), signal, print);
}

/** Builds one fixture, or takes it from the cache. Progress every ten percent. */
export async function buildNamed(
  recipe: FixtureRecipe,
  signal: AbortSignal,
  print: (line: string) => void,
  seed?: string,
): Promise<Fixture> {
  const startedAt = performance.now();
  let saidTenths = -1;
  const fixture = await buildFixture(recipe, {
    signal,
    ...(seed === undefined ? {} : { seed }),
    onProgress: (fraction, text) => {
      const tenths = Math.floor(fraction * 10);
      if (tenths === saidTenths) return;
      saidTenths = tenths;
      print(`fixture ${recipe.name}: ${Math.round(fraction * 100)} % · ${text}`);
    },
  });
  if (saidTenths >= 0) {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    print(`fixture ${recipe.name}: built in ${seconds} s, ${(fixture.sizeBytes / 1e6).toFixed(1)} MB`);
  }
  return fixture;
}

/** The fixture called `name`, building it when the cache lacks it. Throws FIXTURE_UNKNOWN. */
export async function fixtureNamed(name: string, signal: AbortSignal): Promise<Fixture> {
  const recipes = await loadRecipes(projectFolders().fixtures);
  signal.throwIfAborted();
  if (recipes.size === 0) throw new TestcardError('FIXTURE_UNKNOWN', `there are no fixtures, so none called ${name}`);
  return buildFixture(findRecipe(recipes, name), { signal });
}

/** The recipe called `name`. Throws FIXTURE_UNKNOWN with the names there are. */
export async function recipeNamed(name: string): Promise<FixtureRecipe> {
  return findRecipe(await loadRecipes(projectFolders().fixtures), name);
}

export async function listFixtures(): Promise<{ name: string; description: string; built: boolean }[]> {
  const recipes = await loadRecipes(projectFolders().fixtures);
  return Promise.all(
    [...recipes.values()].map(async (recipe) => ({
      name: recipe.name,
      description: recipe.description ?? formatDurationMs(recipe.duration),
      built: await isFixtureBuilt(recipe),
    })),
  );
}

/** Measures a built fixture as a recording; `sound` when nothing is wrong with it. */
export async function checkFixture(
  name: string,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<{ measurements: Measurements; sound: boolean }> {
  const fixture = await buildNamed(await recipeNamed(name), signal, print);
  const measurements = await measureRecording(fixture.path, { wanted: [...MEASURE_NAMES], published: fixture, signal });
  const { frames, timestamps } = measurements;
  const sync = measurements['content-sync'];
  const picture =
    frames !== undefined &&
    frames.total === fixture.frames &&
    frames.lost + frames.duplicated + frames.unreadable === 0;
  const sync1ms = !fixture.hasAudio || (sync !== undefined && Math.abs(sync.offset.median) <= 1);
  return { measurements, sound: picture && sync1ms && timestamps?.monotonic === true };
}
