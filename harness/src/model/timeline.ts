// Everything that is observed while a run goes on, as one record a line. Reports are views of this and of nothing else.

import type { Proof } from './faults.ts';
import type { Measurements } from './measurements.ts';
import type { Position } from './position.ts';
import type { Judgement, Verdict } from './verdict.ts';

interface At {
  /** Unix milliseconds. */
  atMs: number;
}

export type TimelineEvent = At &
  (
    | {
        type: 'suite-started';
        suite: string;
        file: string;
        environment: string;
        runtime: string;
        cases: string[];
        /** The suite as it was when it ran, then what it includes. */
        sources?: SourceText[];
      }
    | { type: 'environment'; state: 'starting' | 'ready' | 'stopping' | 'down'; elapsedMs?: number; detail?: unknown }
    | {
        type: 'service';
        service: string;
        state: string;
        exitCode?: number | undefined;
        signal?: string | undefined;
        restarts: number;
      }
    | { type: 'case-started'; case: string; title: string; position: Position; timeoutMs: number }
    | { type: 'step-started'; case: string; step: string; title: string; position: Position; depth: number }
    | { type: 'step-progress'; case: string; step: string; waitingFor: string; last?: string | number | undefined }
    | { type: 'step-ended'; case: string; step: string; verdict: Verdict; elapsedMs: number; error?: ErrorRecord }
    | { type: 'check'; case: string; title: string; position: Position; judgement: Judgement; how: CheckUse }
    | { type: 'activity'; case: string; name: string; kind: 'publisher' | 'recording'; state: string; detail?: unknown }
    | { type: 'phase'; case: string; name: string }
    | {
        type: 'fault';
        case?: string | undefined;
        /** Unique in the run. */
        fault: string;
        kind: string;
        title: string;
        state: 'asked' | 'injected' | 'proven' | 'unproven' | 'reverting' | 'reverted' | 'not-reverted';
        proof?: Proof | undefined;
      }
    | {
        type: 'recovery';
        case: string;
        /** The fault whose revert it is counted from, and the check that held again. */
        after: string;
        check: string;
        recoveryMs: number;
        /** What the suite bounds it by. */
        promisedMs?: number;
      }
    | { type: 'measurement'; case: string; recording: string; measurements: Measurements }
    | { type: 'metrics'; service: string; values: Record<string, number> }
    | { type: 'log'; service: string; stream: 'stdout' | 'stderr'; text: string }
    | {
        type: 'case-ended';
        case: string;
        verdict: Verdict | 'skipped';
        elapsedMs: number;
        error?: ErrorRecord;
        reason?: string;
      }
    | { type: 'cleanup'; case?: string; failures: { name: string; message: string }[] }
    | { type: 'suite-ended'; suite: string; verdict: Verdict; elapsedMs: number; error?: ErrorRecord }
  );

/** A YAML file that positions point into. */
export interface SourceText {
  file: string;
  text: string;
}

export type CheckUse = 'expect' | 'eventually' | 'always' | 'throughout' | 'unless';

/** An error as reports keep it. */
export interface ErrorRecord {
  code: string;
  kind: string;
  message: string;
  hint?: string | undefined;
  position?: Position | undefined;
  detail?: unknown;
}
