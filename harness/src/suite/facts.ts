// What the parser knows of a step or check beyond what the engine needs: for checking names, and for warnings.

import type { AnyStepKind } from '../model/kinds.ts';
import type { CheckNode, StepNode } from '../model/suite.ts';
import type { UnresolvedReference } from './origins.ts';

export interface StepFacts {
  /** The step's map, `{publish: …}`. */
  raw: object;
  kind: AnyStepKind;
  /** The input, with placeholders where a value is only known at run time; undefined when none could be made. */
  input: unknown;
  unresolved: UnresolvedReference[];
}

/** A step that is not valid: the steps and checks inside it that are, so that their names are checked all the same. */
export interface BrokenStep {
  broken: true;
  raw: unknown;
  steps: ParsedStep[];
  checks: CheckNode[];
}

export type ParsedStep = StepNode | BrokenStep;

const stepFacts = new WeakMap<StepNode, StepFacts>();
const checkFacts = new WeakMap<CheckNode, { raw: object }>();

export const setStepFacts = (node: StepNode, facts: StepFacts): void => void stepFacts.set(node, facts);
export const factsOfStep = (node: StepNode): StepFacts | undefined => stepFacts.get(node);
export const setCheckFacts = (node: CheckNode, facts: { raw: object }): void => void checkFacts.set(node, facts);
export const factsOfCheck = (node: CheckNode): { raw: object } | undefined => checkFacts.get(node);
