// `recovers-within` judged again: from the moment the last fault was over until the check held.

import { formatDurationMs } from '../../base/duration.ts';
import { TestcardError } from '../../model/errors.ts';
import type { CheckNode } from '../../model/suite.ts';
import type { Judgement } from '../../model/verdict.ts';
import type { CaseReplay, Ending } from './case-replay.ts';
import type { StepRun } from './stored-case.ts';
import type { Moment } from './stored-ports.ts';

export function replayRecovery(
  replay: CaseReplay,
  {
    input,
    judgement,
    moment,
    run,
  }: {
    input: { check: CheckNode; 'recovers-within'?: number | undefined };
    judgement: Judgement;
    moment: Moment;
    run: StepRun | undefined;
  },
): Ending | undefined {
  const { check, 'recovers-within': promisedMs } = input;
  if (promisedMs === undefined) return undefined;
  const { position } = check;
  const over = lastOver(replay, moment);
  if (typeof over === 'string') {
    const text = `${check.title} — its recovery cannot be timed: ${over}`;
    return { error: new TestcardError('CHECK_INCONCLUSIVE', text, { position }), at: moment.seen };
  }
  // The run's own figure, where it was this look that ended the wait: the end of the fault may have been shown only after it.
  const own = run && replay.stored.recoveries.find(({ at }) => at >= moment.seen && at < (run.end?.at ?? 0));
  const recoveryMs = own?.recoveryMs ?? Math.max(0, (judgement.atMs ?? moment.atMs) - over.atMs);
  if (recoveryMs <= promisedMs) return undefined;
  const text = `${check.title}: recovers within ${formatDurationMs(promisedMs)} after ${over.title} — it took ${formatDurationMs(recoveryMs)}`;
  return { error: new TestcardError('CHECK_FAILED', text, { position }), at: moment.seen };
}

/** The last fault that was over, or was just being reverted, by then; in words why there is none. */
function lastOver({ stored }: CaseReplay, { seen }: Moment): { title: string; atMs: number } | string {
  const byFault = Map.groupBy(stored.faults, ({ fault }) => fault);
  let last: { title: string; atMs: number; at: number } | undefined;
  for (const events of byFault.values()) {
    const [first] = events;
    if (!first || first.at >= seen) continue;
    const wasReverting = events.some(({ state, at }) => state === 'reverting' && at < seen);
    const over = events.find(({ overAtMs, at }) => overAtMs !== undefined && (at < seen || wasReverting));
    if (over?.overAtMs !== undefined) {
      if (!last || over.at > last.at) last = { title: first.title, atMs: over.overAtMs, at: over.at };
      continue;
    }
    const isUp = events.some(({ state, at }) => state === 'injected' && at < seen);
    if (isUp) return `${first.title} is still in force`;
  }
  return last ?? 'no fault is over yet in this case';
}
