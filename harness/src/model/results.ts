// What a run came to: written as results.json, and what every report and exit code is made from.

import type { Quarantine } from './quarantine.ts';
import type { Priority, RuntimeName } from './suite.ts';
import type { ErrorRecord } from './timeline.ts';
import type { Verdict } from './verdict.ts';

/** Of the form of results.json and of `--report json`: it grows when their readers must change. */
export const RESULTS_VERSION = 1;

export interface CaseResult {
  case: string;
  title: string;
  priority: Priority;
  tags: string[];
  /** Relative to the working folder, with the line of the case: `suites/x.suite.yaml:14`. */
  at: string;
  verdict: Verdict | 'skipped';
  elapsedMs: number;
  /** Why it was skipped. */
  reason?: string;
  error?: ErrorRecord;
  /** Other checks of the same step that did not hold either. */
  moreErrors?: ErrorRecord[];
  /** The YAML around the error, as text. */
  codeFrame?: string;
  /** Figures measured in the case, for the summary table. */
  figures: Figure[];
  /** Every time the case was run, in order; only where it could be more than once (`--repeat`, `--retry`). */
  attempts?: Attempt[];
  /** False where its priority does not decide what the run comes to (`--gate`). */
  isGating?: false;
  /** Set where an entry of the quarantine list names it and it was run. */
  quarantine?: Quarantine;
}

/** One time that a case was run. */
export interface Attempt {
  /** From 1. */
  round: number;
  /** 0 for the round's own; 1 for the first time it was tried again. */
  retry: number;
  verdict: Verdict;
  elapsedMs: number;
  error?: ErrorRecord;
  moreErrors?: ErrorRecord[];
  codeFrame?: string;
  /** Where its evidence is, relative to the working folder. */
  folder: string;
}

/** One measured figure of a case. */
export interface Figure {
  /** What was measured of what: `output · content-sync`. */
  name: string;
  value: string;
  /** The promise it was held against, where there is one. */
  promised?: string;
  verdict: Verdict;
}

export interface SuiteResult {
  suite: string;
  name: string;
  /** Relative to the working folder. */
  file: string;
  verdict: Verdict;
  elapsedMs: number;
  /** Set-up of the environment, ms. */
  readyAfterMs?: number;
  cases: CaseResult[];
  /** Problems outside cases: the environment did not come down, a worker crashed. */
  errors: ErrorRecord[];
}

export interface RunResult {
  /** Runs of before it was written have none. */
  version?: typeof RESULTS_VERSION;
  run: string;
  /** Relative to the working folder. */
  folder: string;
  command: string;
  startedAtMs: number;
  elapsedMs: number;
  verdict: Verdict;
  exitCode: number;
  suites: SuiteResult[];
  errors: ErrorRecord[];
  /** Priorities that decide (`--gate`); without it, all do. */
  gate?: Priority[];
  /** Where cases could run more than once. */
  repeat?: RepeatFigures;
  /** Versions and machine, as name and value, in the order in which they are shown. */
  machine?: Record<string, string>;
  /** What the command that runs one case again is made of. */
  rerun?: RerunBase;
}

export interface RerunBase {
  /** How the user calls Testcard: `testcard`, `npx testcard`, `npm run testcard --`. */
  command: string;
  runtime: RuntimeName;
  /** Compose files laid over the environments', relative to the working folder. */
  overrides: string[];
}

export interface RepeatFigures {
  /** How many were asked for. */
  rounds: number;
  /** Share of its rounds that a case must pass, 0 to 1. */
  minPass: number;
  /** How often a case that is not passed is tried again in its round, at most. */
  retry: number;
  /** Wall time of each round that was done, retries included. */
  roundsMs: number[];
}
