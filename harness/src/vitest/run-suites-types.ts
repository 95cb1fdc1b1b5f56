// What a run of suites under Vitest is asked, and what it answers.

import type { SuiteRunOptions } from '../assembly/suite-world.ts';
import type { CaseResult, SuiteResult } from '../model/results.ts';
import type { Case, Suite } from '../model/suite.ts';
import type { ErrorRecord } from '../model/timeline.ts';

export interface RunSuitesRequest {
  suites: { suite: Suite; cases: Case[] }[];
  options: SuiteRunOptions;
  /** Suites side by side. */
  parallel: number;
  /** Stop after the first case that is not passed. */
  bail: boolean;
  color: boolean;
  signal: AbortSignal;
  onCase?: (suite: Suite, result: CaseResult) => void;
}

export interface RunSuitesResult {
  suites: SuiteResult[];
  /** Problems that belong to no suite: a worker that crashed, an unhandled rejection. */
  errors: ErrorRecord[];
}
