// Removes what killed runs left on engines.

import { abandonedEngineNotes } from '../ownership/engine-notes.ts';
import { connectTo, type Engine } from './engine.ts';
import { isAbandoned } from './labels.ts';
import { projectsOn, removeProject } from './remove-project.ts';

/** One line for each project that was removed, or could not be, and for each engine that does not answer. */
export async function sweepEngines(): Promise<string[]> {
  const lines: string[] = [];
  const notes = Map.groupBy(abandonedEngineNotes(), ({ endpoint }) => endpoint);
  for (const [endpoint, ofEngine] of notes) {
    const swept = await sweepEndpoint(endpoint);
    lines.push(...swept.lines);
    // Not again and again: what is on an engine that is away now is found by the next run there, which looks whatever is noted.
    if (swept.isClean) for (const note of ofEngine) note.remove();
  }
  return lines;
}

async function sweepEndpoint(endpoint: string): Promise<{ lines: string[]; isClean: boolean }> {
  let engine: Engine;
  try {
    engine = await connectTo(endpoint);
  } catch {
    const line = `the engine at ${endpoint} does not answer: what a killed run left there is removed by the next run on it`;
    return { lines: [line], isClean: true };
  }
  try {
    const swept = await sweepEngine(engine);
    return { lines: swept.map(({ line }) => line), isClean: swept.every(({ isGone }) => isGone) };
  } catch (error) {
    return { lines: [`the engine at ${endpoint} cannot be swept: ${String(error)}`], isClean: false };
  }
}

/** As `sweepEngines`, on one engine, whatever is noted. */
export async function sweepEngine(engine: Engine): Promise<{ line: string; isGone: boolean }[]> {
  const swept: { line: string; isGone: boolean }[] = [];
  for (const [project, labels] of await projectsOn(engine)) {
    if (!isAbandoned(labels)) continue;
    const left = await removeProject(engine, project);
    const isGone = left.length === 0;
    const line = isGone
      ? `removed the containers of a killed run (${project})`
      : `of ${project} still there: ${left.join('; ')}`;
    swept.push({ line, isGone });
  }
  return swept;
}
