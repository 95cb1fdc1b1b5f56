// Small kinds of steps and checks for the parser's own tests, so that they do not depend on the real ones.

import { z } from 'zod';
import { durationField } from '../../model/fields.ts';
import type { AnyCheckKind, AnyStepKind, CheckKind, StepKind } from '../../model/kinds.ts';
import type { CheckNode, StepNode } from '../../model/suite.ts';
import type { Judgement } from '../../model/verdict.ts';
import { type ParseOptions, type ParseResult, parseSuite } from '../parse-suite.ts';
import type { Registry } from '../registry.ts';

const docs = { summary: 'A sample.', example: '' };
const passed: Judgement = { verdict: 'passed', expected: '', seen: '' };
const run = async (): Promise<void> => {};

const publish: StepKind<{ fixture: string; to: string; as?: string | undefined; loop?: boolean | undefined }> = {
  key: 'publish',
  docs,
  schema: () =>
    z.strictObject({
      fixture: z.string().min(1),
      to: z.string().min(1),
      as: z.string().optional(),
      loop: z.boolean().optional(),
    }),
  describe: ({ fixture, to }) => `publish ${fixture} to ${to}`,
  uses: ({ fixture, to }) => [
    { kind: 'fixture', name: fixture, path: ['fixture'] },
    { kind: 'url', name: to, path: ['to'] },
  ],
  defines: ({ fixture, as }) => [{ kind: 'publisher', name: as ?? fixture }],
  run,
};

const record: StepKind<{ from: string; as: string }> = {
  key: 'record',
  docs,
  schema: () => z.strictObject({ from: z.string().min(1), as: z.string().min(1) }),
  describe: ({ from, as }) => `record ${from} as ${as}`,
  uses: ({ from }) => [{ kind: 'url', name: from, path: ['from'] }],
  defines: ({ as }) => [{ kind: 'recording', name: as }],
  run,
};

const finishSchema = z.union([z.string(), z.strictObject({ name: z.string(), within: durationField.optional() })]);
type Finish = z.output<typeof finishSchema>;
const nameOf = (input: Finish) => (typeof input === 'string' ? input : input.name);
const finish: StepKind<Finish> = {
  key: 'finish',
  docs,
  schema: () => finishSchema,
  describe: (input) => `finish ${nameOf(input)}`,
  uses: (input) => [{ kind: 'activity', name: nameOf(input), path: typeof input === 'string' ? [] : ['name'] }],
  longestMs: (input) => (typeof input === 'string' ? 30_000 : (input.within ?? 30_000)),
  run,
};

interface Request {
  url: string;
  times?: number | undefined;
  timeout?: number | undefined;
  status?: number | undefined;
  save?: Record<string, string> | undefined;
}
const request: StepKind<Request> = {
  key: 'request',
  docs,
  schema: () =>
    z.strictObject({
      url: z.string(),
      times: z.int().optional(),
      timeout: durationField.optional(),
      status: z.int().optional(),
      save: z.record(z.string(), z.string()).optional(),
    }),
  describe: ({ url }) => `GET ${url}`,
  defines: ({ save }) => Object.keys(save ?? {}).map((name) => ({ kind: 'variable', name })),
  asserts: ({ status }) => status !== undefined,
  run,
};

const expectStep: StepKind<CheckNode[]> = {
  key: 'expect',
  docs,
  schema: (shapes) => shapes.checks,
  describe: (checks) => `expect ${checks.map(({ title }) => title).join('; ')}`,
  children: (checks) => ({ checks }),
  run,
};

const eventually: StepKind<{ within: number; unless?: CheckNode | undefined; check: CheckNode }> = {
  key: 'eventually',
  docs,
  schema: (shapes) => shapes.wrapCheck({ within: durationField, unless: z.lazy(() => shapes.check).optional() }),
  describe: ({ check }) => `eventually ${check.title}`,
  children: ({ check, unless }) => ({ checks: unless ? [check, unless] : [check] }),
  longestMs: ({ within }) => within,
  run,
};

const parallel: StepKind<StepNode[]> = {
  key: 'parallel',
  docs,
  schema: (shapes) => shapes.steps,
  describe: (steps) => `parallel: ${steps.length}`,
  children: (steps) => ({ steps }),
  run,
};

const repeat: StepKind<{ times: number; steps: StepNode[] }> = {
  key: 'repeat',
  docs,
  schema: (shapes) => z.strictObject({ times: z.int().min(1), steps: z.lazy(() => shapes.steps) }),
  describe: ({ times }) => `repeat ${times} times`,
  children: ({ steps }) => ({ steps }),
  run,
};

const phase: StepKind<string> = {
  key: 'phase',
  docs,
  schema: () => z.string().min(1),
  describe: (name) => `phase ${name}`,
  defines: (name) => [{ kind: 'phase', name }],
  run,
};

const wait: StepKind<number> = {
  key: 'wait',
  docs,
  schema: () => durationField,
  describe: (ms) => `wait ${ms} ms`,
  longestMs: (ms) => ms,
  lint: () => 'prefer `eventually`',
  run,
};

interface Metric {
  metric: string;
  of: string;
  'at-most'?: number | undefined;
  equals?: number | undefined;
}
const metric: CheckKind<Metric> = {
  key: 'metric',
  docs,
  schema: z.strictObject({
    metric: z.string().min(1),
    of: z.string().min(1),
    'at-most': z.number().optional(),
    equals: z.number().optional(),
  }),
  describe: (input) => `metric ${input.metric} of ${input.of}`,
  uses: ({ of }) => [{ kind: 'metrics-of', name: of, path: ['of'] }],
  observe: async () => undefined,
  judge: () => passed,
};

const recording: CheckKind<{ recording: string; duration?: number | undefined }> = {
  key: 'recording',
  docs,
  schema: z.strictObject({ recording: z.string().min(1), duration: durationField.optional() }),
  describe: (input) => `recording ${input.recording}`,
  uses: (input) => [{ kind: 'recording', name: input.recording, path: ['recording'] }],
  observe: async () => undefined,
  judge: () => passed,
  continuous: false,
};

const steps: AnyStepKind[] = [publish, record, finish, request, expectStep, eventually, parallel, repeat, phase, wait];
const checks: AnyCheckKind[] = [metric, recording];
export const sampleRegistry: Registry = { steps, checks };

export const FILE = '/suites/sample.suite.yaml';

export function parseSample(text: string, options: Partial<ParseOptions> = {}): ParseResult {
  return parseSuite(text, FILE, { registry: sampleRegistry, ...options });
}

/** `line:col message` of each problem, then its hint in brackets. */
export function problemsOf(text: string, options: Partial<ParseOptions> = {}): string[] {
  return parseSample(text, options).problems.map(
    ({ message, hint, position }) =>
      `${position.line}:${position.col} ${message}${hint === undefined ? '' : ` [${hint}]`}`,
  );
}

/** A suite of one case with the given steps (YAML, not indented). The first step stands in line 5. */
export function suiteWith(stepsText: string, head = 'environment: e'): string {
  const indented = stepsText
    .split('\n')
    .map((line) => (line === '' ? '' : `      ${line}`))
    .join('\n');
  return `suite: sample\n${head}\ncases:\n  - case: works\n    steps:\n${indented}\n`;
}

export const CHECK = '- expect: { metric: m, of: worker, equals: 1 }';
