// What a plan foresees to break: the links that its steps name.

import type { LinkUse } from '../model/environment.ts';
import { TestcardError } from '../model/errors.ts';
import type { Case, StepNode } from '../model/suite.ts';

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
