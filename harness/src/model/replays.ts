// What judging a stored run again came to.

import type { Position } from './position.ts';
import type { ErrorRecord } from './timeline.ts';
import type { Verdict } from './verdict.ts';

export interface ReplayResult {
  run: string;
  /** Relative to the working folder. */
  folder: string;
  cases: ReplayedCaseResult[];
  /** Of what was left out, in words: cases that the suites do not have any more, damaged timelines. */
  notes: string[];
  verdict: Verdict;
  exitCode: number;
  elapsedMs: number;
}

export interface ReplayedCaseResult {
  suite: string;
  suiteName: string;
  case: string;
  title: string;
  /** From 1. */
  round: number;
  retry: number;
  was: Verdict;
  is: Verdict;
  /** Why it is what it is now, and what it was before. */
  error?: ErrorRecord;
  wasError?: ErrorRecord;
  /** The lines of YAML that decide, where they are known. */
  line?: YamlLine;
  wasLine?: YamlLine;
  /** Where the verdict moved: what has changed in the YAML of the case, and of what all cases share. */
  changes?: YamlChange[];
  /** What the verdict rests on beside the stored run. */
  notes: string[];
}

export interface YamlChange {
  /** In the text of now; of what is gone, in the text of then. */
  line: number;
  /** Undefined when the line is new. */
  was?: string;
  /** Undefined when it is gone. */
  is?: string;
}

export interface YamlLine {
  /** `file` relative to the working folder. */
  position: Position;
  text: string;
}

export const hasMoved = ({ was, is }: Pick<ReplayedCaseResult, 'was' | 'is'>): boolean => was !== is;
