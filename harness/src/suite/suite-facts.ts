// What the parser knows of a suite beyond what the engine needs: for warnings.

import type { Suite } from '../model/suite.ts';
import type { Block } from './blocks.ts';
import type { ParsedCase } from './parse-case.ts';
import type { VariableDefinition } from './scope.ts';

export interface SuiteFacts {
  variables: VariableDefinition[];
  cases: ParsedCase[];
  blocks: Block[];
}

const facts = new WeakMap<Suite, SuiteFacts>();

export const setSuiteFacts = (suite: Suite, of: SuiteFacts): void => void facts.set(suite, of);
export const factsOfSuite = (suite: Suite): SuiteFacts | undefined => facts.get(suite);
