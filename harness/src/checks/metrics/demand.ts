// How a suite writes what it demands of everything that a service tells at its metrics address, and that demand in words.

import { z } from 'zod';
import { mustDemand } from '../../model/fields.ts';
import { fieldPatternsField, patternField } from '../../model/matcher.ts';
import { describeFields, describePattern, type FieldPatterns, type Pattern } from '../../model/pattern.ts';

export interface FamilyDemand {
  type?: string | undefined;
  labels?: 'none' | FieldPatterns | undefined;
  help?: Pattern | true | undefined;
}

export interface MetricsInput {
  metrics: string;
  valid?: true | undefined;
  families?: Record<string, FamilyDemand> | undefined;
  'counters-never-fall'?: true | undefined;
  'histograms-consistent'?: true | undefined;
}

const familyField = z
  .strictObject({
    type: z
      .enum(['counter', 'gauge', 'histogram', 'summary', 'untyped'])
      .optional()
      .describe('Its type, as its TYPE line says'),
    labels: z
      .union([z.literal('none'), fieldPatternsField])
      .optional()
      .describe(
        'The labels that each of its series has, exactly these, with what their values may be: `{ status: [done, failed] }`; or `none`. The `le` of histograms and the `quantile` of summaries do not count',
      ),
    help: z
      .union([z.literal(true), patternField])
      .optional()
      .describe('`true`: it has a help text. Or what that text must be'),
  })
  .superRefine(
    mustDemand(
      (family) => (family.type ?? family.labels ?? family.help) !== undefined,
      'says nothing that must be true of it: add `type`, `labels` or `help`',
    ),
  );

export const metricsSchema = z
  .strictObject({
    metrics: z.string().min(1).describe('A service with a metrics address'),
    valid: z
      .literal(true)
      .optional()
      .describe(
        'The text is Prometheus text format 0.0.4 to the letter: names, escapes, values, HELP and TYPE lines, order, nothing twice, whole histograms and summaries',
      ),
    families: z
      .record(z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'the name of a metric, without labels'), familyField)
      .refine((families) => Object.keys(families).length > 0, 'name at least one metric')
      .optional()
      .describe('Metrics that must be there, by name, each with its type, labels and help text'),
    'counters-never-fall': z
      .literal(true)
      .optional()
      .describe(
        'In no sample since the case (or the phase) began has a counter, or the count of a histogram, fallen or gone; only a service that was started anew begins from zero',
      ),
    'histograms-consistent': z
      .literal(true)
      .optional()
      .describe(
        'In every sample since the case (or the phase) began, the buckets of every histogram grow with `le`, end in `+Inf` = `_count`, and agree with `_sum`',
      ),
  })
  .superRefine(
    mustDemand(
      (input) =>
        (input.valid ?? input.families ?? input['counters-never-fall'] ?? input['histograms-consistent']) !== undefined,
      'says nothing that must be true of the metrics: add `valid`, `families`, `counters-never-fall` or `histograms-consistent`',
    ),
  );

export function describeDemands(input: MetricsInput): string {
  const names = Object.keys(input.families ?? {});
  return [
    ...(input.valid ? ['valid Prometheus text'] : []),
    ...(names.length > 2 ? [`${names.length} metrics as described`] : names.map((name) => `${name} as described`)),
    ...(input['counters-never-fall'] ? ['counters never fall'] : []),
    ...(input['histograms-consistent'] ? ['histograms consistent'] : []),
  ].join(', ');
}

/** `a counter with status done or failed and a help text` */
export function describeFamily({ type, labels, help }: FamilyDemand): string {
  const withs = [
    ...(labels === undefined ? [] : [labels === 'none' ? 'no labels' : describeFields(labels)]),
    ...(help === undefined ? [] : [help === true ? 'a help text' : `the help ${describePattern(help)}`]),
  ];
  const what = type === undefined ? 'there' : `a ${type}`;
  return withs.length === 0 ? what : `${what} with ${withs.join(' and ')}`;
}
