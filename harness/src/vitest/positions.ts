// Which places of a suite file a failure can point at.

import type { Position } from '../model/position.ts';
import type { CheckNode, StepNode, Suite } from '../model/suite.ts';

export const positionKey = ({ line, col }: { line: number; col: number }): string => `${line}:${col}`;

/** Every case, step and check of the suite file itself, each place once. Parts from included files are elsewhere and left out. */
export function positionsOf(suite: Suite): Position[] {
  const found = new Map<string, Position>();
  const add = (position: Position) => {
    if (position.file === suite.file) found.set(positionKey(position), position);
  };
  const addChecks = (checks: CheckNode[] | undefined) => {
    for (const check of checks ?? []) add(check.position);
  };
  const addSteps = (steps: StepNode[] | undefined) => {
    for (const step of steps ?? []) {
      add(step.position);
      if (step.input === undefined) continue; // bound at run time; its own line is still known
      const children = step.kind.children?.(step.input);
      addChecks(children?.checks);
      addSteps(children?.steps);
    }
  };
  for (const kase of suite.cases) {
    add(kase.position);
    addChecks(kase.throughout);
    addSteps(kase.steps);
  }
  return [...found.values()];
}
