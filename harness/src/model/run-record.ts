// What was asked of a run: written as run.json before anything starts, so that even a killed run says what it was.

import type { Priority, RuntimeName } from './suite.ts';

/**
 * Version of everything in a run's folder. 1: no run.json, no record of the single looks at what checks are about (reports can be made of it, it
 * cannot be judged again). 2: what is written now.
 */
export const RUN_FORMAT = 2;

export interface RunRecord {
  format: number;
  run: string;
  command: string;
  startedAtMs: number;
  runtime: RuntimeName;
  /** Compose files laid over the environments', relative to the working folder. */
  overrides: string[];
  repeat: number;
  /** Share of its rounds that a case must pass, 0 to 1. */
  minPass: number;
  retry: number;
  /** Priorities that decide what the run comes to; without it, all do. */
  gate?: Priority[];
  /** Everything that was selected, before it was divided into shards. */
  selection: SelectedSuite[];
  /** Which part of the selection this run is; without it, all. */
  shard?: Shard;
}

export interface Shard {
  /** From 1. */
  index: number;
  of: number;
}

export interface SelectedSuite {
  suite: string;
  name: string;
  /** Relative to the working folder. */
  file: string;
  /** SHA-256 of the suite's text and of what it includes, hex. */
  digest: string;
  cases: SelectedCase[];
}

export interface SelectedCase {
  case: string;
  title: string;
  priority: Priority;
  tags: string[];
  /** `suites/x.suite.yaml:14`. */
  at: string;
}
