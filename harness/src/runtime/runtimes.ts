// The two ways to run an environment, by name.

import type { Clock } from '../base/clock.ts';
import type { EnvironmentSpec, StartOptions } from '../model/environment.ts';
import type { RuntimeName } from '../model/suite.ts';
import { createEmbeddedRuntime } from './embedded/embedded-runtime.ts';
import type { SupervisedEnvironment } from './supervision/supervised-environment.ts';

export interface AnyRuntime {
  readonly name: RuntimeName;
  start(spec: EnvironmentSpec, options: StartOptions): Promise<SupervisedEnvironment>;
}

export async function runtimeOf(name: RuntimeName, clock: Clock): Promise<AnyRuntime> {
  if (name === 'embedded') return createEmbeddedRuntime({ clock });
  // Loaded when it is asked for: the engine's client takes longer to load than most commands take to run.
  const { createComposeRuntime } = await import('./compose/compose-runtime.ts');
  return createComposeRuntime({ clock });
}
