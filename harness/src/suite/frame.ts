// What was parsed inside the step that is being parsed now. Schemas nest, so frames do; parsing is synchronous.

import type { CheckNode } from '../model/suite.ts';
import type { ParsedStep } from './facts.ts';

export interface Frame {
  steps: ParsedStep[];
  checks: CheckNode[];
  /** Raw maps of the steps inside: what is unresolved in them is their own business. */
  stepRaws: Set<unknown>;
}

let current: Frame = emptyFrame();

function emptyFrame(): Frame {
  return { steps: [], checks: [], stepRaws: new Set() };
}

export function currentFrame(): Frame {
  return current;
}

/** Runs `parse` in a frame of its own and returns what it gave together with the frame. */
export function inFrame<T>(parse: () => T): { result: T; frame: Frame } {
  const outer = current;
  const frame = emptyFrame();
  current = frame;
  try {
    return { result: parse(), frame };
  } finally {
    current = outer;
  }
}
