// A suite after parsing: checked, interpolated, and every part knowing where it was written.

import type { AnyCheckKind, AnyStepKind } from './kinds.ts';
import type { Position } from './position.ts';

export type Priority = 'P1' | 'P2' | 'P3';
export type RuntimeName = 'embedded' | 'compose';
/** Values of variables: what YAML scalars, lists and maps become. */
export type Vars = Readonly<Record<string, unknown>>;

export interface Suite {
  /** Absolute path. */
  file: string;
  /** File-name-safe, unique within a run when file names are: `full-pipeline`. */
  id: string;
  name: string;
  description?: string;
  priority: Priority;
  tags: string[];
  /** As written: a folder under compose/, or a path to a Compose file. */
  environment: { ref: string; position: Position };
  /** Overrides per service, merged over the Compose file's. Only `environment` values and `x-testcard` may be overridden. */
  services: Record<string, ServiceOverride>;
  cases: Case[];
  /** The whole YAML text, for code frames and the report. */
  text: string;
}

export interface ServiceOverride {
  environment?: Record<string, string>;
}

export interface Case {
  /** File-name-safe and unique within the suite. */
  id: string;
  title: string;
  description?: string;
  tags: string[];
  priority: Priority;
  timeoutMs: number;
  /** Matrix values and variables in force, secrets excluded. */
  vars: Vars;
  /** The matrix combination of this case, empty without one. */
  matrix: Vars;
  skip?: { reason: string };
  onlyOn?: { runtime: RuntimeName; reason?: string };
  throughout: CheckNode[];
  steps: StepNode[];
  position: Position;
}

export interface StepNode {
  key: string;
  kind: AnyStepKind;
  /** What the kind's schema made of the YAML; undefined while it depends on a variable saved at run time. */
  input: unknown;
  /** Parses the step again with variables saved at run time. Throws SUITE_INVALID when the values do not fit. */
  bind(saved: Vars): unknown;
  /** One line for people; secrets masked. */
  title: string;
  position: Position;
}

export interface CheckNode {
  kind: AnyCheckKind;
  input: unknown;
  /** Name of the phase that the check looks at; without it, everything since the case began. */
  during?: string;
  title: string;
  position: Position;
}
