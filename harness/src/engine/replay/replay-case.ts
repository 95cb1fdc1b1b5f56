// Judges a case of a stored run again, by the suite as it is now: the same observations, the same rules, and no pipeline.

import { formatDurationMs } from '../../base/duration.ts';
import { TestcardError } from '../../model/errors.ts';
import type { Case, CheckNode, StepNode } from '../../model/suite.ts';
import type { Verdict } from '../../model/verdict.ts';
import { judgementError } from '../judge-check.ts';
import { alignChecks } from './align.ts';
import { CaseReplay, type CaseReplayOptions, type Ending, untold } from './case-replay.ts';
import { LOOKING, replaySteps } from './replay-steps.ts';
import { boundInput } from './same-input.ts';
import type { StoredCase } from './stored-case.ts';
import { isOfCheck, type Moment, storedError } from './stored-ports.ts';

export interface ReplayedCase {
  verdict: Verdict;
  error?: TestcardError;
  /** What the verdict rests on beside the stored run. */
  notes: string[];
}

const THROUGHOUT = ' (must hold throughout the case)';

/** `was`: the case as the run had it. Rejects only when the signal aborts, or for a defect. */
export async function replayCase(now: Case, was: Case, options: CaseReplayOptions): Promise<ReplayedCase> {
  const { stored } = options;
  const replay = new CaseReplay(options);
  const ending = await endingOf(replay, now, was);
  const { error } = ending ?? {};
  const verdict: Verdict = error === undefined ? 'passed' : error.kind === 'failed' ? 'failed' : 'inconclusive';
  return { verdict, ...(error ? { error } : {}), notes: [...replay.notes, ...killedNote(stored)] };
}

async function endingOf(replay: CaseReplay, now: Case, was: Case): Promise<Ending | undefined> {
  const { stored } = replay;
  const { end, baseline } = stored;
  if (!end) return { error: untold('the run was killed in this case', now), at: 0 };
  if (!baseline) return { error: end.error ? storedError(end.error) : untold('it has no beginning', now), at: 0 };
  const acting = actingSteps(was.steps, replay);
  replay.setActs((step) => acting.has(step));
  const from: Moment = { seen: baseline.at + 1, atMs: baseline.atMs };
  const walked = await replaySteps(replay, now.steps, was.steps, { prefix: '', from });
  const broken = await replayThroughout(replay, now.throughout, was.throughout, walked.ending?.at);
  const first = broken ?? walked.ending;
  const late = outOfTime(now, stored, first);
  if (late) return late;
  if (first) return first;
  const final = await judgeFinally(replay, now.throughout, was.throughout, walked.to);
  return final ?? endedOtherwise(replay);
}

/** The first look at which a promise was broken, before the steps came to an end by themselves. */
async function replayThroughout(
  replay: CaseReplay,
  now: readonly CheckNode[],
  was: readonly CheckNode[],
  before = Number.POSITIVE_INFINITY,
): Promise<Ending | undefined> {
  const byIndex = new Map(alignChecks(now, was).map((pair) => [pair.index, pair.now]));
  for (const look of replay.stored.throughout) {
    const check = byIndex.get(look.check);
    if (!check || look.isFinal || look.at >= before) continue;
    const judgement = await replay.lookAgain(check, look);
    if (judgement.verdict === 'failed') return { error: judgementError(check, judgement, THROUGHOUT), at: look.at };
  }
  return undefined;
}

/** Over the whole case, at its end. */
async function judgeFinally(
  replay: CaseReplay,
  now: readonly CheckNode[],
  was: readonly CheckNode[],
  to: Moment,
): Promise<Ending | undefined> {
  const final = replay.stored.throughout.filter(({ isFinal }) => isFinal);
  for (const { now: check, index } of alignChecks(now, was)) {
    if (!check) continue;
    const look = final.find((each) => each.check === index);
    const judgement = look ? await replay.lookAgain(check, look) : await replay.lookAt(check, to, 'throughout');
    if (judgement.verdict === 'passed') continue;
    return { error: judgementError(check, judgement, THROUGHOUT), at: look?.at ?? to.seen };
  }
  return undefined;
}

/** The case may have been given less time since. */
function outOfTime(
  now: Case,
  { timeoutMs, baseline, end }: StoredCase,
  ending: Ending | undefined,
): Ending | undefined {
  if (now.timeoutMs >= timeoutMs || !baseline || !end) return undefined;
  const tookMs = end.atMs - baseline.atMs;
  if (ending || tookMs <= now.timeoutMs) return undefined;
  const text = `the case did not end within its ${formatDurationMs(now.timeoutMs)}: it took ${formatDurationMs(Math.round(tookMs))}`;
  return { error: new TestcardError('CASE_TIMEOUT', text, { position: now.position }), at: end.at };
}

/** What no check decides: the case ran out of time, a publisher broke off, cleaning up failed, somebody interrupted it. */
function endedOtherwise(replay: CaseReplay): Ending | undefined {
  const { end } = replay.stored;
  if (!end?.error || replay.hasJudged(end.error)) return undefined;
  const { error, at } = end;
  if (!isOfCheck(error)) return { error: storedError(error), at };
  return undefined; // the check that ended it holds now, and there was nothing left to do
}

const killedNote = ({ end }: StoredCase) => (end ? [] : ['the run was killed in this case']);

/** Ids of the steps that do something to the pipeline, or let time pass. */
function actingSteps(steps: readonly StepNode[], replay: CaseReplay, prefix = ''): Set<string> {
  const found = new Set<string>();
  for (const [index, node] of steps.entries()) {
    const step = prefix === '' ? `${index}` : `${prefix}.${index}`;
    const children = node.kind.children?.(boundInput(node, replay.saved))?.steps;
    if (children) for (const each of actingSteps(children, replay, step)) found.add(each);
    else if (!LOOKING.has(node.key)) found.add(step);
  }
  return found;
}
