// The form of results.json and of `--report json`, as zod: published as a JSON Schema for scripts that read them.

import { z } from 'zod';
import { RESULTS_VERSION, type RunResult } from './results.ts';

const verdict = z.enum(['passed', 'failed', 'inconclusive']);
const priority = z.enum(['P1', 'P2', 'P3']);
const ms = (what: string) => z.number().min(0).describe(`${what}, milliseconds.`);
const folder = (what: string) => z.string().describe(`${what}, relative to the folder that the run was started in.`);

const position = z
  .object({ file: z.string(), line: z.int().min(1), col: z.int().min(1) })
  .describe('Where in a YAML file: absolute path, line and column from 1.');

const errorRecord = z
  .object({
    code: z.string().describe('`CHECK_FAILED`, `SERVICE_NOT_READY`, …: the reference lists them.'),
    kind: z
      .string()
      .describe(
        '`failed`: a promise was broken. `inconclusive`, `internal`: it could not be told. `usage`, `interrupted`.',
      ),
    message: z.string(),
    hint: z.string().optional().describe('What to do about it.'),
    position: position.optional(),
    detail: z.unknown().optional().describe('Structured facts of no fixed form; left out of `--report json`.'),
  })
  .describe('What went wrong.');

const problems = {
  error: errorRecord.optional(),
  moreErrors: z.array(errorRecord).optional().describe('Other checks of the same step that did not hold either.'),
  codeFrame: z.string().optional().describe('The YAML around the error, as text; left out of `--report json`.'),
};

const attempt = z
  .object({
    round: z.int().min(1),
    retry: z.int().min(0).describe('0 for the round’s own; 1 for the first time it was tried again.'),
    verdict,
    elapsedMs: ms('How long it took'),
    ...problems,
    folder: folder('Its evidence'),
  })
  .describe('One time that a case was run.');

const figure = z
  .object({
    name: z.string().describe('What was measured of what: `output · content-sync`.'),
    value: z.string(),
    promised: z.string().optional().describe('The promise it was held against.'),
    verdict,
  })
  .describe('One measured figure.');

const quarantine = z
  .object({
    state: z
      .enum(['holds', 'unneeded', 'expired'])
      .describe(
        '`holds`: the case did not pass and does not block. `unneeded`: it passed every time. `expired`: it excuses nothing any more.',
      ),
    owner: z.string(),
    url: z.string(),
    expires: z.string().describe('`YYYY-MM-DD`, UTC.'),
    reason: z.string(),
    at: z.string().describe('The entry: `quarantine.yaml:3:5`.'),
  })
  .describe('The entry of the quarantine list that names the case.');

const caseResult = z
  .object({
    case: z.string().describe('Id: unique in its suite and safe in file names.'),
    title: z.string(),
    priority,
    tags: z.array(z.string()),
    at: z.string().describe('`suites/x.suite.yaml:14`.'),
    verdict: z.enum([...verdict.options, 'skipped']),
    elapsedMs: ms('How long it took'),
    reason: z.string().optional().describe('Why it was skipped.'),
    ...problems,
    figures: z.array(figure),
    attempts: z.array(attempt).optional().describe('With `--repeat` or `--retry`: every time it was run, in order.'),
    isGating: z.literal(false).optional().describe('Present where its priority does not decide (`--gate`).'),
    quarantine: quarantine.optional(),
  })
  .describe('What a case came to.');

const suiteResult = z
  .object({
    suite: z.string().describe('Id.'),
    name: z.string(),
    file: folder('The suite'),
    verdict: verdict.describe('The worst of its cases, whether they decide or not.'),
    elapsedMs: ms('How long it took, set-up and clean-up included'),
    readyAfterMs: ms('Set-up of the environment').optional(),
    cases: z.array(caseResult),
    errors: z
      .array(errorRecord)
      .describe('Problems outside cases: the environment did not come down, a worker crashed.'),
  })
  .describe('What a suite came to.');

export const runResultSchema = z
  .object({
    version: z
      .literal(RESULTS_VERSION)
      .describe('Of this form. It changes when readers must; new optional fields do not change it.'),
    run: z.string().describe('Id of the run.'),
    folder: folder('Everything that the run left'),
    command: z.string(),
    startedAtMs: z.number().describe('Unix milliseconds.'),
    elapsedMs: ms('How long it took'),
    verdict: verdict.describe('Of what decides: without what `--gate` leaves out and what is quarantined.'),
    exitCode: z.int().describe('0 passed, 1 failed, 3 inconclusive, 130 interrupted.'),
    suites: z.array(suiteResult),
    errors: z.array(errorRecord).describe('Problems that belong to no suite.'),
    gate: z.array(priority).optional().describe('Priorities that decide; without it, all do.'),
    repeat: z
      .object({
        rounds: z.int().min(1),
        minPass: z.number().min(0).max(1).describe('Share of its rounds that a case must pass.'),
        retry: z.int().min(0),
        roundsMs: z.array(ms('Wall time of each round')),
      })
      .optional()
      .describe('With `--repeat` or `--retry`.'),
    machine: z.record(z.string(), z.string()).optional().describe('Versions and machine.'),
    rerun: z
      .object({
        command: z.string(),
        runtime: z.enum(['embedded', 'compose']),
        overrides: z.array(z.string()).describe('Compose files laid over the environments’.'),
      })
      .optional()
      .describe('What the command that runs one case again is made of.'),
  })
  .describe('What a run of Testcard came to: results.json, and `--report json`.');

/** Ties the schema to the types that the code uses: a field of one that the other does not have does not compile. */
type Whole<T> = T extends readonly (infer E)[]
  ? Whole<E>[]
  : T extends object
    ? { [K in keyof T]-?: Whole<Exclude<T[K], undefined>> }
    : T;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
true satisfies Same<Whole<z.output<typeof runResultSchema>>, Whole<RunResult>>;

/** Fields that are added later do not make older readers of the schema refuse a result. */
export const buildResultsSchema = (): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Results of a Testcard run',
  ...z.toJSONSchema(runResultSchema, { io: 'input', target: 'draft-2020-12' }),
});
