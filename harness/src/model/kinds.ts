// The contract of a kind of step and of a kind of check. A new kind is one file that fills this in, one line in a registry
// (assembly/registries.ts), and its page in the reference, which is generated from here.

import type { z } from 'zod';
import type { LinkUse } from './environment.ts';
import type { CaseContext, CheckPorts, Window } from './ports.ts';
import type { CheckNode, StepNode } from './suite.ts';
import type { Judgement } from './verdict.ts';

/** A name that an input refers to, so that `validate` can check that it exists and suggest what was meant. */
export interface NameUse {
  kind: 'service' | 'fixture' | 'recording' | 'publisher' | 'activity' | 'url' | 'metrics-of' | 'data-of' | 'block';
  name: string;
  /** Where in the input it stands, as keys from the input's root: `['publish', 'fixture']`. */
  path: (string | number)[];
}

/** What an input defines for later steps: a recording or a publisher by name, a captured variable, or a phase of the case. */
export interface NameDefinition {
  kind: 'recording' | 'publisher' | 'variable' | 'phase';
  name: string;
}

/** Documentation that the reference is generated from. Field docs come from `.describe()` in the schema. */
export interface KindDocs {
  /** One or two sentences. */
  summary: string;
  /** A YAML snippet as it would stand in a suite, indented from column 0. Parsed by a test. */
  example: string;
}

/** Schemas for the parts of a suite that a kind can hold; the suite parser supplies them so that positions are kept. */
export interface SchemaShapes {
  /** One check: a map with exactly one subject key. */
  check: z.ZodType<CheckNode>;
  /** One check, or a list of at least one. */
  checks: z.ZodType<CheckNode[]>;
  /** A list of at least one step. */
  steps: z.ZodType<StepNode[]>;
  /** A map that holds `own` keys beside the keys of one check (`eventually`, `always`). */
  wrapCheck<S extends z.ZodRawShape>(own: S): z.ZodType<z.output<z.ZodObject<S>> & { check: CheckNode }>;
}

export interface StepKind<I = unknown> {
  /** The one key of the step in YAML. */
  key: string;
  docs: KindDocs;
  /** Schema of the value under the key (not including the key). */
  schema(shapes: SchemaShapes): z.ZodType<I>;
  /** One line for the console: `publish one-minute to rtsp://…`. */
  describe(input: I): string;
  uses?(input: I): NameUse[];
  defines?(input: I): NameDefinition[];
  /** Steps and checks held inside, for planning and validation. */
  children?(input: I): { steps?: StepNode[]; checks?: CheckNode[] };
  /** True when the step itself holds the pipeline to something (a status, a reply), so that a case of it is a case with a check. */
  asserts?(input: I): boolean;
  /** Longest time it may take by its own words (`within`, `for`), ms; for `plan`. */
  longestMs?(input: I): number;
  /** Links that it may break: only those of a suite's plan are made breakable. */
  links?(input: I): LinkUse[];
  /** What it cannot do without: containers, as only the compose runtime has them. Asking for it elsewhere is an error before anything starts. */
  needs?(input: I): 'containers' | undefined;
  /** Something legal that is better written another way: shown by `validate` as a warning. */
  lint?(input: I): string | undefined;
  /** Throws a TestcardError when it cannot be carried out or a check in it does not hold. */
  run(input: I, context: CaseContext, node: StepNode): Promise<void>;
}

export interface CheckKind<I = unknown, O = unknown> {
  /** The subject key, the one that names what is looked at: `metric`, `log`, `recording` … */
  key: string;
  docs: KindDocs;
  /** Strict schema of the whole check, subject key included; without `during` and the wrappers' keys. */
  schema: z.ZodType<I>;
  describe(input: I): string;
  uses?(input: I): NameUse[];
  /** Gathers what the judgement needs, through ports only. Throws TestcardError (inconclusive) when it cannot look. */
  observe(input: I, ports: CheckPorts, window: Window, signal: AbortSignal): Promise<O>;
  /** Pure: the same observation and input always give the same judgement. */
  judge(observation: O, input: I): Judgement;
  /** As `judge`, but over every sample of the observation rather than the latest (`throughout`). Default: `judge`. */
  judgeContinuously?(observation: O, input: I): Judgement;
  /**
   * How much later than it happens a thing may be seen, ms: `expect` looks again for so long before it says that it is not there. Default 0: what
   * is looked at is asked, not awaited.
   */
  seenWithinMs?: number;
  /** True when the check may be held true at every instant of a case (`throughout`, `always`). Default true. */
  continuous?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: a registry holds kinds of any input; each kind's own schema guards it
export type AnyStepKind = StepKind<any>;
// biome-ignore lint/suspicious/noExplicitAny: as above, for checks
export type AnyCheckKind = CheckKind<any, any>;
