// What faults can be done to in a running environment: its services, the links that a plan foresees, its media-fault API.

import type { LinkUse } from '../model/environment.ts';
import { TestcardError } from '../model/errors.ts';
import type { FaultPorts, ServiceControl } from '../model/faults.ts';
import type { Case, StepNode } from '../model/suite.ts';
import type { EmbeddedEnvironment } from '../runtime/embedded/embedded-environment.ts';

/** Every link that any step of the cases may break. */
export function linksOf(cases: readonly Case[]): LinkUse[] {
  const inSteps = (steps: readonly StepNode[] = []): LinkUse[] =>
    steps.flatMap(({ kind, input, bind }) => {
      // An input that waits for a saved value names its link all the same, unless the link itself is what was saved.
      const known = input ?? boundOrNothing(bind);
      if (known === undefined) return [];
      return [...(kind.links?.(known) ?? []), ...inSteps(kind.children?.(known).steps)];
    });
  return cases.flatMap(({ steps }) => inSteps(steps));
}

function boundOrNothing(bind: StepNode['bind']): unknown {
  try {
    return bind({});
  } catch (error) {
    if (error instanceof TestcardError) return undefined;
    throw error;
  }
}

export function controlOf(environment: EmbeddedEnvironment): ServiceControl {
  return {
    status: (service) => environment.status(service),
    kill: (service, signal) => environment.kill(service, signal),
    stop: (service, signal) => environment.stopService(service, signal),
    start: (service, signal) => environment.startService(service, signal),
    pause: (service) => environment.pause(service),
    resume: (service) => environment.resume(service),
  };
}

export function mediaFaultsOf(environment: EmbeddedEnvironment): FaultPorts['mediaFaults'] {
  return (service) => {
    const url = environment.spec.services.find(({ name }) => name === service)?.mediaFaults;
    return url === undefined ? undefined : environment.resolve(url);
  };
}
