// The schema of a suite around its steps and checks: top level, cases, blocks, included files.

import { z } from 'zod';
import { durationField } from '../model/fields.ts';
import type { SchemaShapes } from '../model/kinds.ts';

/** Default of `priority`. */
export const DEFAULT_PRIORITY = 'P2';
/** Default of a case's `timeout`. */
export const DEFAULT_TIMEOUT = '2m';

const sentence = z.string().trim().min(1);
const priority = z
  .enum(['P1', 'P2', 'P3'])
  .describe(`How much depends on it; \`run --priority\` selects by it. Default ${DEFAULT_PRIORITY}, or the suite’s`);
const tags = z.array(z.string().min(1)).describe('Words to select by: `run --tag`');
const vars = z
  .record(z.string(), z.unknown())
  .describe('Variables: `${name}` elsewhere stands for the value. Those of a case win over those of the suite');
const reason = sentence.describe('Why, in words: shown in every report');

export const onlyOnSchema = z
  .strictObject({
    runtime: z.enum(['embedded', 'compose']).describe('The runtime that the case needs'),
    reason,
  })
  .describe('Skips the case on other runtimes');

const scalar = z.union([z.string(), z.number(), z.boolean()]);

const serviceOverride = z.strictObject({
  environment: z
    .record(z.string(), scalar)
    .optional()
    .describe('Environment variables set for this suite, over those of the Compose file'),
});

const include = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

/** Scalar fields at the top of a suite; what depends on the registry is parsed apart from them. */
export const topFields = {
  suite: sentence.describe('Name of the suite'),
  description: z.string().optional().describe('What the suite is about'),
  priority: priority.optional(),
  tags: tags.optional(),
  environment: z
    .string()
    .min(1)
    .describe('A folder under compose/, or a path (relative to this file) to a Compose file'),
  services: z
    .record(z.string(), serviceOverride)
    .optional()
    .describe('Changes to services for this suite, merged over the Compose file'),
  include: include.optional().describe('Files (relative to this one) with shared `vars`, `blocks` and `cases`'),
} as const;

export const topSchema = z.strictObject(topFields);
export type TopFields = z.output<typeof topSchema>;

/** Scalar fields of an included file. */
export const includedFields = {
  description: z.string().optional().describe('What the file is for'),
  include: topFields.include,
} as const;

export const includedSchema = z.strictObject(includedFields);

/** Keys of a suite that are parsed apart from `topFields`, with the shapes in them. */
export function lateFields(shapes: Pick<SchemaShapes, 'checks' | 'steps'>, kase: z.ZodType) {
  return {
    vars: vars.optional(),
    throughout: shapes.checks.optional().describe('Checks that must hold during the whole of every case'),
    blocks: z.record(z.string(), blockSchema(shapes.steps)).optional().describe('Named lists of steps for `use`'),
    cases: z
      .array(kase)
      .min(1)
      .optional()
      .describe('The cases, run in this order in one environment; those of included files come first'),
  };
}

/** A block is a list of steps, or that with defaults for its variables. */
export function blockSchema(steps: z.ZodType) {
  return z.union([steps, longBlockSchema(steps)]);
}

export function longBlockSchema(steps: z.ZodType) {
  return z.strictObject({
    description: z.string().optional().describe('What the block does'),
    vars: vars.optional().describe('Defaults of variables that `with` can set'),
    steps: steps.describe('What is done, one after the other'),
  });
}

export function caseFields(shapes: Pick<SchemaShapes, 'checks' | 'steps'>) {
  return {
    case: sentence.describe('What is promised, as a sentence. Unique within the suite'),
    description: z.string().optional().describe('More about the case'),
    priority: priority.optional(),
    tags: tags.optional(),
    timeout: durationField.optional().describe(`Longest time for all steps. Default ${DEFAULT_TIMEOUT}`),
    vars: vars.optional(),
    matrix: z
      .record(z.string(), z.array(z.unknown()).min(1))
      .optional()
      .describe('Lists of values: one case for every combination, each value a variable'),
    skip: reason.optional().describe('Skips the case; says why'),
    'only-on': onlyOnSchema.optional(),
    throughout: shapes.checks.optional().describe('Checks that must hold during the whole case'),
    steps: shapes.steps.describe('What is done, one after the other'),
  };
}

export function caseSchema(shapes: Pick<SchemaShapes, 'checks' | 'steps'>) {
  return z.strictObject(caseFields(shapes));
}

export type CaseFields = z.output<ReturnType<typeof caseSchema>>;
