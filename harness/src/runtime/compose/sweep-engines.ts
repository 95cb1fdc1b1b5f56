// Removes what killed runs left on engines.

import { abandonedEngineNotes } from '../ownership/engine-notes.ts';
import { connectTo, type Engine } from './engine.ts';
import { isAbandoned } from './labels.ts';
import { projectsOn, removeProject } from './remove-project.ts';

/** One line for each project that was removed, or could not be. Engines that do not answer keep their note for the next time. */
export async function sweepEngines(): Promise<string[]> {
  const lines: string[] = [];
  const isClean = new Map<string, boolean>();
  for (const note of abandonedEngineNotes()) {
    if (!isClean.has(note.endpoint)) {
      const swept = await sweepEndpoint(note.endpoint);
      lines.push(...swept.lines);
      isClean.set(note.endpoint, swept.isClean);
    }
    if (isClean.get(note.endpoint)) note.remove();
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
