// Removes what killed runs left on engines. Which engines they used is written in the folder for temporary files, so that a command that
// has nothing to do with Docker need not look for one.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentOwner, isOwnerDead, markFromName, markToName } from '../ownership/owner.ts';
import { connectTo, type Engine } from './engine.ts';
import { isAbandoned } from './labels.ts';
import { projectsOn, removeProject } from './remove-project.ts';

const NAME = /^testcard-engines-(\d+_[^_]+_\d+)-/;

/** Written before anything of the project is made; returns what removes it, for when nothing of the project is left. */
export function noteEngine({ endpoint }: Engine, project: string): () => void {
  const path = join(tmpdir(), `testcard-engines-${markToName(currentOwner())}-${project}`);
  writeFileSync(path, `${endpoint}\n`, { mode: 0o600 });
  return () => rmSync(path, { force: true });
}

/** One line for each project that was removed, or could not be. Engines that do not answer keep their note for the next time. */
export async function sweepEngines(): Promise<string[]> {
  const lines: string[] = [];
  const notes = readdirSync(tmpdir()).filter((name) => {
    const owner = NAME.exec(name)?.[1];
    return owner !== undefined && isOwnerDead(markFromName(owner));
  });
  const isClean = new Map<string, boolean>();
  for (const name of notes) {
    const path = join(tmpdir(), name);
    const endpoints = readLines(path);
    for (const endpoint of endpoints) {
      if (isClean.has(endpoint)) continue;
      const swept = await sweepEndpoint(endpoint);
      lines.push(...swept.lines);
      isClean.set(endpoint, swept.isClean);
    }
    if (endpoints.every((endpoint) => isClean.get(endpoint))) rmSync(path, { force: true });
  }
  return lines;
}

async function sweepEndpoint(endpoint: string): Promise<{ lines: string[]; isClean: boolean }> {
  try {
    const lines = await sweepEngine(await connectTo(endpoint));
    return { lines, isClean: lines.every((line) => !line.includes('still there')) };
  } catch {
    return {
      lines: [`the engine at ${endpoint} does not answer: what a killed run left there is still there`],
      isClean: false,
    };
  }
}

/** As `sweepEngines`, on one engine, whatever is noted. */
export async function sweepEngine(engine: Engine): Promise<string[]> {
  const lines: string[] = [];
  for (const [project, labels] of await projectsOn(engine)) {
    if (!isAbandoned(labels)) continue;
    const left = await removeProject(engine, project);
    lines.push(
      left.length === 0
        ? `removed the containers of a killed run (${project})`
        : `of ${project} still there: ${left.join('; ')}`,
    );
  }
  return lines;
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
