// What a suite would start and do, without starting it.

import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { findEnvironment, linksOfUse, requireEnvironment } from '../environment/index.ts';
import { isFixtureBuilt, loadRecipes } from '../media/index.ts';
import type { EnvironmentSpec } from '../model/environment.ts';
import type { Suite } from '../model/suite.ts';
import { linksOf } from './fault-targets.ts';
import { fixturesOf } from './fixtures.ts';
import type { EnvironmentSetting } from './load-suites.ts';
import { projectFolders } from './project.ts';

export interface SuitePlan {
  suite: string;
  file: string;
  environment: string;
  services: { name: string; ports: number[]; command: string[]; summary: string }[];
  /** Links that pass a proxy because a step may break them: `worker → speech:8080`. */
  links: string[];
  fixtures: { name: string; state: 'built' | 'to be built' | 'unknown' }[];
  /** Longest time all cases may take, ms. */
  longestMs: number;
  cases: { title: string; priority: string; timeoutMs: number; steps: string[]; throughout: string[] }[];
}

export async function planOf(suite: Suite, { runtime, overrideFiles }: EnvironmentSetting = {}): Promise<SuitePlan> {
  const { root, fixtures } = projectFolders();
  const file = findEnvironment(suite.environment.ref, suite.file, root, suite.environment.position);
  const spec = requireEnvironment(file, overrideFiles, runtime);
  const recipes = existsSync(fixtures) ? await loadRecipes(fixtures) : new Map();
  return {
    suite: suite.name,
    file: suite.file,
    environment: relative(root, spec.file),
    services: spec.services.map(({ name, ports, run = [] }) => ({
      name,
      ports,
      command: run,
      summary: ports.length > 0 ? `${name} (${ports.join(', ')})` : name,
    })),
    links: breakableLinks(suite, spec),
    fixtures: await Promise.all(
      fixturesOf(suite.cases).map(async (name) => {
        const recipe = recipes.get(name);
        if (!recipe) return { name, state: 'unknown' as const };
        return { name, state: (await isFixtureBuilt(recipe)) ? ('built' as const) : ('to be built' as const) };
      }),
    ),
    longestMs: suite.cases.reduce((sum, kase) => sum + kase.timeoutMs, 0),
    cases: suite.cases.map((kase) => ({
      title: kase.title,
      priority: kase.priority,
      timeoutMs: kase.timeoutMs,
      steps: kase.steps.map((step) => step.title),
      throughout: kase.throughout.map((check) => check.title),
    })),
  };
}

function breakableLinks(suite: Suite, spec: EnvironmentSpec): string[] {
  const names = linksOf(suite.cases).flatMap((use) => {
    const found = linksOfUse(use, spec, suite.services);
    return 'links' in found ? found.links.map(({ client, server, port }) => `${client} → ${server}:${port}`) : [];
  });
  return [...new Set(names)];
}
