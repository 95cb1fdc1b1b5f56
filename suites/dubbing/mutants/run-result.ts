// What `testcard run --json` says, as much of it as a verdict needs.

import { z } from 'zod';

const error = z.object({
  kind: z.string(),
  message: z.string(),
  position: z.object({ line: z.number() }).optional(),
});

const caseResult = z.object({
  title: z.string(),
  verdict: z.enum(['passed', 'failed', 'inconclusive', 'skipped']),
  error: error.optional(),
  moreErrors: z.array(error).optional(),
});

const runResult = z.object({
  folder: z.string(),
  verdict: z.enum(['passed', 'failed', 'inconclusive']),
  suites: z.array(z.object({ name: z.string(), cases: z.array(caseResult), errors: z.array(error) })),
  errors: z.array(error),
});

export type RunResult = z.output<typeof runResult>;

export function parseRunResult(text: string): RunResult {
  return runResult.parse(JSON.parse(text));
}
