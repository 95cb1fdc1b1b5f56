// For tests that need a Docker engine and the tools image: whether both are there. Vitest's summary counts those that are skipped.

import { connectEngine, type Engine } from '../engine.ts';
import { toolsImage } from '../side-containers.ts';

export const engineHere: Engine | undefined = await connectEngine(AbortSignal.timeout(10_000)).then(
  async (engine) => {
    const image = engine.docker.getImage(toolsImage());
    return (await image.inspect().catch(() => undefined)) ? engine : undefined;
  },
  () => undefined,
);
