// What a run came to, from its passes: cases combined over rounds and retries, judged by the gate and the quarantine list, secrets masked.

import { relative } from 'node:path';
import { maskTexts } from '../base/mask.ts';
import { applyGate, decide } from '../model/gate.ts';
import type { QuarantineEntry } from '../model/quarantine.ts';
import { RESULTS_VERSION, type RerunBase, type RunResult } from '../model/results.ts';
import { combinePasses } from '../model/rounds.ts';
import type { Priority } from '../model/suite.ts';
import type { PassesDone } from './run-passes.ts';

export interface RunFacts {
  runId: string;
  /** Absolute. */
  folder: string;
  startedAtMs: number;
  repeat: number;
  minPass: number;
  retry: number;
  gate: Priority[] | undefined;
  quarantine: readonly QuarantineEntry[];
  rerun: RerunBase;
  /** Versions and machine. */
  machine?: Record<string, string> | undefined;
  /** Hides secrets. */
  mask(text: string): string;
  isInterrupted: boolean;
}

export function runResultOf({ passes, roundsMs }: PassesDone, facts: RunFacts): RunResult {
  const {
    runId,
    folder,
    startedAtMs,
    repeat: rounds,
    minPass,
    retry,
    gate,
    quarantine,
    rerun,
    machine,
    isInterrupted,
  } = facts;
  const isRepeated = rounds > 1 || retry > 0;
  const [only] = passes;
  const combined = isRepeated || !only ? combinePasses(passes, { minPass }) : only;
  const { errors } = combined;
  const suites = applyGate(combined.suites, {
    priorities: gate,
    quarantine,
    nowMs: startedAtMs,
    placeOf: ({ position: { file, line, col } }) => `${relative(process.cwd(), file)}:${line}:${col}`,
  });
  const run: RunResult = {
    version: RESULTS_VERSION,
    run: runId,
    folder: relative(process.cwd(), folder),
    command: `testcard ${process.argv.slice(2).join(' ')}`,
    startedAtMs,
    elapsedMs: Date.now() - startedAtMs,
    ...decide({ suites, errors }, { isInterrupted }),
    suites,
    errors,
    rerun,
    ...(gate ? { gate } : {}),
    ...(machine ? { machine } : {}),
    ...(isRepeated ? { repeat: { rounds, minPass, retry, roundsMs } } : {}),
  };
  // Workers mask what they tell; what Vitest or the command line adds may still name one.
  return maskTexts(run, (text) => facts.mask(text));
}
