// Everything that is observed while a run goes on, as one record a line. Reports are views of this and of nothing else.

import type { Proof } from './faults.ts';
import type { Answer, Look, MetricsRecord } from './looks.ts';
import type { Measurements } from './measurements.ts';
import type { Position } from './position.ts';
import type { Priority, Vars } from './suite.ts';
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
        /** Services whose lines are JSON. */
        jsonLogs?: string[];
      }
    | { type: 'environment'; state: 'starting' | 'ready' | 'stopping' | 'down'; elapsedMs?: number; detail?: unknown }
    | {
        type: 'service';
        service: string;
        state: string;
        exitCode?: number | undefined;
        signal?: string | undefined;
        restarts: number;
        /** Since when it is in that state, where it was not told at once. */
        sinceMs?: number | undefined;
        pid?: number | undefined;
        isDown?: boolean | undefined;
      }
    | {
        type: 'case-started';
        case: string;
        title: string;
        position: Position;
        timeoutMs: number;
        priority?: Priority;
        tags?: string[];
        /** Variables in force and the matrix combination, secrets excluded. */
        vars?: Vars;
        matrix?: Vars;
      }
    /** The services are ready and the samples that counters are counted from are taken: the case is looked at from here. */
    | { type: 'baseline'; case: string }
    | {
        type: 'step-started';
        case: string;
        step: string;
        title: string;
        position: Position;
        depth: number;
        /** Longest time that it may take by its own words. */
        budgetMs?: number;
      }
    | { type: 'step-progress'; case: string; step: string; waitingFor: string; last?: string | number | undefined }
    | { type: 'step-ended'; case: string; step: string; verdict: Verdict; elapsedMs: number; error?: ErrorRecord }
    | { type: 'check'; case: string; title: string; position: Position; judgement: Judgement; how: CheckUse }
    | ({ type: 'look'; case: string } & Look)
    | ({ type: 'answer'; case: string; step: string } & Answer)
    /** Values that a step saved for later ones. */
    | { type: 'saved'; case: string; step: string; values: Record<string, unknown> }
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
        /** When it was over: what recovery is counted from. With `reverted`, or with `proven` for what is over in a moment. */
        overAtMs?: number;
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
    | ({ type: 'metrics'; service: string } & MetricsRecord)
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
