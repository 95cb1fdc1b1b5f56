// How a suite writes what it demands of a metric, and that demand in words.

import { z } from 'zod';
import { mustDemand } from '../../model/fields.ts';
import { parseSelector, type Selector } from '../../model/metrics/index.ts';
import {
  describeNumberMatcher,
  hasMatcher,
  matcherProblem,
  NUMBER_MATCHERS,
  type NumberMatcher,
  numberMatcherField,
  numberMatcherShape,
} from '../../model/number-matcher.ts';

export interface MetricInput extends NumberMatcher {
  metric: Selector;
  of: string;
  'increases-by'?: NumberMatcher | undefined;
  rate?: NumberMatcher | undefined;
  quantile?: number | undefined;
  takes?: number[] | undefined;
  'on-reset'?: 'rebase' | 'fail' | undefined;
  or?: number | undefined;
}

const numberField = z.number({ error: (issue) => `a number (got ${JSON.stringify(issue.input)})` });

const selectorField = z
  .string({ error: 'the name of a metric, such as jobs_total{status="done"}' })
  .transform((text, context): Selector => {
    const selector = parseSelector(text);
    if (!('problem' in selector)) return selector;
    context.addIssue({ code: 'custom', message: selector.problem });
    return z.NEVER;
  });

const DEMANDS = ['increases-by', 'rate', 'takes', ...NUMBER_MATCHERS].join(', ');

export const metricSchema = z
  .strictObject({
    metric: selectorField.describe(
      'A metric by name and labels, as in PromQL: `jobs_total{status="done"}`, also `!=`, `=~`, `!~`. Series that match are added up',
    ),
    of: z.string().min(1).describe('The service whose metrics address is sampled'),
    'increases-by': numberMatcherField(numberField)
      .optional()
      .describe(
        'How much the counter has gone up since the case (or the phase) began: a number means exactly that much, or a map of matchers',
      ),
    rate: numberMatcherField(numberField)
      .optional()
      .describe('Increase per second since the case (or the phase) began: a number, or a map of matchers'),
    quantile: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Look at this quantile of a histogram (0.95), of what it has counted since the case began'),
    takes: z
      .array(numberField)
      .min(1)
      .optional()
      .describe(
        'The values it has had since the case (or the phase) began, one after the other, each as long as it stood: `[0, 1, 0]` says that it rose once and fell again. A value that stands for less than the time between two samples (250 ms) may not be seen',
      ),
    'on-reset': z
      .enum(['rebase', 'fail'])
      .optional()
      .describe(
        'What a counter that starts again from zero means: `rebase` (the default) goes on counting, `fail` breaks the check',
      ),
    or: numberField
      .optional()
      .describe('The value of a series that does not exist. Without it, a missing series is inconclusive'),
    ...numberMatcherShape(numberField),
  })
  .superRefine((input, context) => {
    const changed = input['increases-by'] ?? input.rate;
    const problem = matcherProblem(
      changed === undefined ? input : { ...changed, tolerance: changed.tolerance ?? input.tolerance },
    );
    if (problem) context.addIssue({ code: 'custom', ...problem });
    if (input['increases-by'] !== undefined && input.rate !== undefined) {
      context.addIssue({
        code: 'custom',
        message: '`increases-by` and `rate` are two checks: write them as two items of the list',
        path: ['rate'],
      });
    }
    const plain = hasMatcher(input);
    if (input.takes !== undefined && (plain || changed !== undefined || input.quantile !== undefined)) {
      context.addIssue({
        code: 'custom',
        message: '`takes` says all the values it has had: write anything else as a check of its own',
        path: ['takes'],
      });
    }
    if (changed !== undefined && (plain || input.quantile !== undefined)) {
      const key = input['increases-by'] === undefined ? 'rate' : 'increases-by';
      const other = NUMBER_MATCHERS.find((name) => input[name] !== undefined) ?? 'quantile';
      context.addIssue({
        code: 'custom',
        message: `\`${other}\` looks at a value and \`${key}\` at a change: write two checks, or put the matcher under \`${key}\``,
        path: [other],
      });
    }
    mustDemand(
      () => plain || changed !== undefined || input.takes !== undefined,
      `says nothing that must be true of the metric: add one of ${DEMANDS}`,
    )(input, context);
    if (input.quantile !== undefined && input.or !== undefined) {
      context.addIssue({ code: 'custom', message: 'a quantile of nothing has no value: leave `or` out', path: ['or'] });
    }
  });

/** What is demanded, in words: `increases by exactly 10`, `p95 below 120`, `at most 3`. */
export function describeDemand(input: MetricInput): string {
  const change = demandOnChange(input);
  if (change) return `increases by ${describeNumberMatcher(change)}${input.rate ? ' per second' : ''}`;
  if (input.takes) return `takes the values ${input.takes.join(', ')}`;
  const demand = describeNumberMatcher(input);
  return input.quantile === undefined ? demand : `p${Number((input.quantile * 100).toFixed(4))} ${demand}`;
}

/** What is demanded of the increase or the rate; a `tolerance` may stand beside `increases-by: 10` instead of under it. */
export function demandOnChange(input: MetricInput): NumberMatcher | undefined {
  const change = input['increases-by'] ?? input.rate;
  if (change === undefined || change.tolerance !== undefined || input.tolerance === undefined) return change;
  return { ...change, tolerance: input.tolerance };
}
