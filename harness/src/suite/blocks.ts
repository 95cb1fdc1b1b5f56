// Named lists of steps (`blocks`), and the step that puts one in its place (`use`).

import type { Node } from 'yaml';
import { z } from 'zod';
import type { StepKind } from '../model/kinds.ts';
import type { Position } from '../model/position.ts';
import type { StepNode, Vars } from '../model/suite.ts';
import type { VariableDefinition } from './scope.ts';
import type { SuiteSource } from './source.ts';

export interface Block {
  name: string;
  position: Position;
  source: SuiteSource;
  steps: Node | null;
  /** Its own defaults for what `with` can set. */
  vars: VariableDefinition[];
  used: boolean;
}

/** `use` as it is written. */
export const writtenUse = z.union([
  z.string().min(1).describe('Name of a block'),
  z
    .strictObject({
      name: z.string().min(1).describe('Name of a block'),
      with: z.record(z.string(), z.unknown()).optional().describe('Values for variables inside the block'),
    })
    .describe('A block with values of its own'),
]);

export interface Use {
  name: string;
  with: Vars;
  steps: StepNode[];
}

/** Expanded while parsing (parse-steps.ts), so that every step of the block knows where it was written. */
export const useStep: StepKind<Use> = {
  key: 'use',
  docs: {
    summary:
      'Runs the steps of a block: a named list under `blocks`, of this suite or of a file that it includes. `with` sets variables inside the block, over those in force around it.',
    example: '- use: warm-up\n- use: { name: warm-up, with: { fixture: half-minute } }',
  },
  // Only its written form is ever parsed by this schema; the parser makes a `Use` of it.
  schema: () => writtenUse as unknown as z.ZodType<Use>,
  describe: ({ name }) => `use ${name}`,
  children: ({ steps }) => ({ steps }),
  async run({ steps }, context) {
    await context.runSteps(steps);
  },
};
