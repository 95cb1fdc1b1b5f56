// Promises that must hold during the whole case: looked at while the steps run, and once more over everything at the end.

import type { TestcardError } from '../model/errors.ts';
import type { CaseContext } from '../model/ports.ts';
import type { CheckNode } from '../model/suite.ts';
import { judgeCheck, judgementError, recordJudgement } from './judge-check.ts';

const EVERY_MS = 250;

export interface ThroughoutWatch {
  stop(): void;
  /** Throws when a promise did not hold, or when nothing could be seen of it in the whole case. */
  judgeFinally(): Promise<void>;
}

/** Starts watching; calls `onBroken` once, with the error of the first promise that is seen broken. */
export function watchThroughout(
  checks: CheckNode[],
  context: CaseContext,
  onBroken: (error: TestcardError) => void,
): ThroughoutWatch {
  const done = new AbortController();
  const signal = AbortSignal.any([context.signal, done.signal]);
  const look = async (check: CheckNode, index: number): Promise<void> => {
    const judgement = await judgeCheck(context, check, signal, { how: 'throughout', check: index });
    if (judgement.verdict !== 'failed') return; // not seen yet is no breach; the end decides
    recordJudgement(context, check, judgement, 'throughout');
    onBroken(judgementError(check, judgement, ' (must hold throughout the case)'));
    done.abort();
  };
  const watch = async () => {
    while (!signal.aborted) {
      for (const [index, check] of checks.entries()) {
        if (check.kind.continuous === false) continue; // judged at the end only
        await look(check, index);
      }
      await context.clock.delay(EVERY_MS, signal);
    }
  };
  const watching = checks.length > 0 ? watch().catch(() => {}) : Promise.resolve(); // ends by abort; real errors show again at the end
  return {
    stop: () => done.abort(new Error('the steps have ended')),
    async judgeFinally() {
      await watching;
      for (const [index, check] of checks.entries()) {
        const as = { how: 'throughout', check: index, isFinal: true } as const;
        const judgement = await judgeCheck(context, check, context.signal, as);
        recordJudgement(context, check, judgement, 'throughout');
        if (judgement.verdict !== 'passed') throw judgementError(check, judgement, ' (must hold throughout the case)');
      }
    },
  };
}
