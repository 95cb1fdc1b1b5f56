// Walks the steps of a suite beside those that were run: what acts on the pipeline must be the same and is taken as it went, what judges is judged
// again from what was seen.

import { TestcardError } from '../../model/errors.ts';
import type { Answer } from '../../model/looks.ts';
import { fieldsHold } from '../../model/pattern.ts';
import { readStoredText } from '../../model/stored-text.ts';
import type { CheckNode, StepNode } from '../../model/suite.ts';
import { type Emit, judgeReply } from '../steps/emit.ts';
import { type Request, savedFrom } from '../steps/request.ts';
import { alignSteps, type Pair } from './align.ts';
import { type CaseReplay, untold } from './case-replay.ts';
import { endOf, type Judged, type Judging, replayAlways, replayEventually, replayExpect } from './replay-checks.ts';
import { boundInput, isSame, isSameStep } from './same-input.ts';
import type { Placed, StepRun } from './stored-case.ts';
import { isOfCheck, type Moment, storedError } from './stored-ports.ts';

/** Steps that only look: they may be changed, added and left out freely. */
export const LOOKING = new Set(['expect', 'eventually', 'always', 'phase']);

interface Place {
  /** The step that holds these, `''` at the top. */
  prefix: string;
  from: Moment;
}

/** Ends at the first step that does not hold. */
export async function replaySteps(
  replay: CaseReplay,
  now: readonly StepNode[],
  was: readonly StepNode[],
  { prefix, from }: Place,
): Promise<Judged> {
  let to = from;
  for (const pair of alignSteps(now, was, replay.saved)) {
    replay.signal.throwIfAborted();
    const step = pair.index === undefined ? undefined : prefix === '' ? `${pair.index}` : `${prefix}.${pair.index}`;
    const judged = await replayStep(replay, pair, step, to);
    if (judged.ending) return judged;
    to = judged.to;
  }
  return { to };
}

async function replayStep(
  replay: CaseReplay,
  { now, was }: Pair<StepNode>,
  step: string | undefined,
  from: Moment,
): Promise<Judged> {
  const run = step === undefined ? undefined : replay.takeRun(step);
  if (run) Object.assign(replay.saved, run.saved);
  if (!now) {
    if (!was || !run || LOOKING.has(was.key)) return { to: run ? endOf(run) : from };
    return stop(from, untold(`the run did “${run.title}” here, which the suite does not any more`));
  }
  const input = boundInput(now, replay.saved);
  const before = was && boundInput(was, replay.saved);
  const judging = { input, was: before, isSame: was !== undefined && isSame(input, before), run, from };
  switch (now.key) {
    case 'expect':
      return replayExpect(replay, judging as Judging<CheckNode[]>);
    case 'eventually':
      return replayEventually(replay, judging as Parameters<typeof replayEventually>[1]);
    case 'always':
      return replayAlways(replay, judging as Parameters<typeof replayAlways>[1]);
    case 'phase':
      return replayPhase(replay, judging as Judging<string>);
    case 'parallel':
      if (was && step !== undefined) return replayParallel(replay, judging as Judging<StepNode[]>, step);
      break;
    case 'repeat':
      if (was && step !== undefined && isSame({ ...(input as Repeat), steps: 0 }, { ...(before as Repeat), steps: 0 }))
        return replayRepeat(replay, judging as Judging<Repeat>, step);
      break;
    default: {
      // A block: its steps, one after the other.
      const [inner, innerBefore] = [now.kind.children?.(input)?.steps, was?.kind.children?.(before)?.steps];
      if (inner && innerBefore && step !== undefined) {
        const begin = run ? { seen: run.start + 1, atMs: run.startMs } : from;
        const judged = await replaySteps(replay, inner, innerBefore, { prefix: step, from: begin });
        return judged.ending ? judged : { to: run ? endOf(run) : judged.to };
      }
      break;
    }
  }
  if (!run) {
    const why = was ? 'the run ended before it' : 'the run did not do it';
    return stop(from, untold(`“${now.title}”: ${why}`, now));
  }
  return replayAct(replay, { now, was: was as StepNode, run });
}

/** A step that acts: as it went, if it is the same; those that also hold the pipeline to something are judged by what was answered. */
function replayAct(replay: CaseReplay, { now, was, run }: { now: StepNode; was: StepNode; run: StepRun }): Judged {
  const judged = JUDGED_ACTS[now.key];
  const [input, before] = [now, was].map((node) => boundInput(node, replay.saved));
  const isSameAct = judged ? isSame(judged.act(input), judged.act(before)) : isSameStep(now, was, replay.saved);
  const to = endOf(run);
  if (!isSameAct) return stop(to, untold(`“${run.title}” has become “${now.title}”`, now));
  try {
    if (judged?.judge(input, run, before)) {
      replay.noteJudged(run);
      return { to };
    }
  } catch (error) {
    if (!(error instanceof TestcardError)) throw error;
    return stop(to, at(error, now), run.end?.at);
  }
  if (!run.end) return stop(to, untold(`the run was killed in “${run.title}”`, now));
  const { error } = run.end;
  if (!error) return { to };
  // An action breaks no promise by itself: something else ended the case while it went on.
  const isOwn = !isOfCheck(error);
  return stop(
    to,
    isOwn ? storedError(error) : untold(`the run ended in “${run.title}”: ${error.message}`, now),
    run.end.at,
  );
}

interface JudgedAct {
  /** The part of the input that acts. */
  act(input: unknown): unknown;
  /** True when what was answered holds; false when there was no answer. Throws what a broken promise is. */
  judge(input: unknown, run: StepRun, was: unknown): boolean;
}

const JUDGED_ACTS: Record<string, JudgedAct | undefined> = {
  request: {
    act: (input) => ({ ...(input as Request), status: 0, json: 0, save: 0 }),
    judge(input, { answers, saved }) {
      const answer = answers.find(({ to }) => to === 'request') as
        | Placed<Extract<Answer, { to: 'request' }>>
        | undefined;
      if (!answer) return false;
      Object.assign(saved, savedFrom(input as Request, { status: answer.status, body: readStoredText(answer.body) }));
      return true;
    },
  },
  emit: {
    act: (input) => ({ ...(input as Emit), reply: (input as Emit).reply?.event }),
    judge(input, { answers }, was) {
      const answer = answers.find(({ to }) => to === 'emit') as Placed<Extract<Answer, { to: 'emit' }>> | undefined;
      if (!answer) return false;
      if (isSame((input as Emit).reply, (was as Emit).reply)) judgeReply(input as Emit, answer);
      else judgeOther(input as Emit, answer);
      return true;
    },
  },
  finish: {
    act: (input) => (typeof input === 'string' ? input : (input as { name: string }).name),
    judge(input, { end, title }, was) {
      if (!end || end.error) return false;
      const withinMs = withinOf(input);
      if (withinMs >= withinOf(was) || end.elapsedMs <= withinMs) return true;
      throw new TestcardError(
        'CHECK_FAILED',
        `${title} within ${withinMs} ms — it took ${Math.round(end.elapsedMs)} ms`,
      );
    },
  },
};

/** What the answer is held to has changed: of those that came, the one that ended the wait is kept. */
function judgeOther(input: Emit, { reply, rejected }: Extract<Answer, { to: 'emit' }>): void {
  const seen = reply ?? rejected;
  const { where } = input.reply ?? {};
  const holds = seen !== undefined && (!where || fieldsHold(where, seen));
  judgeReply(input, holds ? { reply: seen } : { rejected: seen });
}

const FINISH_WITHIN_MS = 30_000;
const withinOf = (input: unknown) =>
  (typeof input === 'object' && input !== null ? (input as { within?: number }).within : undefined) ?? FINISH_WITHIN_MS;

function replayPhase(replay: CaseReplay, { input, run, from }: Judging<string>): Judged {
  const end = run?.end?.at ?? Number.POSITIVE_INFINITY;
  const stored = run && replay.stored.phases.find(({ at }) => at > run.start && at < end);
  replay.phases.push({ name: input, atMs: stored?.atMs ?? from.atMs, at: stored?.at ?? from.seen });
  return { to: run ? endOf(run) : from };
}

/** Side by side: the branch that ended first decides. */
async function replayParallel(
  replay: CaseReplay,
  { input, was, run, from }: Judging<StepNode[]>,
  step: string,
): Promise<Judged> {
  const begin = run ? { seen: run.start + 1, atMs: run.startMs } : from;
  const endings: Judged[] = [];
  for (const { now, was: before, index } of alignSteps(input, was ?? [], replay.saved)) {
    const judged = await replayStep(
      replay,
      { ...(now ? { now } : {}), ...(before ? { was: before } : {}) },
      index === undefined ? undefined : `${step}.${index}`,
      begin,
    );
    if (judged.ending) endings.push(judged);
  }
  const [first] = endings.sort((a, b) => (a.ending?.at ?? 0) - (b.ending?.at ?? 0));
  return first ?? { to: run ? endOf(run) : begin };
}

interface Repeat {
  times?: number | undefined;
  for?: number | undefined;
  steps: StepNode[];
}

async function replayRepeat(
  replay: CaseReplay,
  { input, was, run, from }: Judging<Repeat>,
  step: string,
): Promise<Judged> {
  let to = run ? { seen: run.start + 1, atMs: run.startMs } : from;
  const begun = replay.runsWithin(`${step}.0`, run);
  const rounds = input.times ?? begun;
  for (let round = 0; round < rounds; round += 1) {
    const judged = await replaySteps(replay, input.steps, was?.steps ?? [], { prefix: step, from: to });
    if (judged.ending) return judged;
    to = judged.to;
  }
  return { to: run ? endOf(run) : to };
}

const stop = (to: Moment, error: TestcardError, place = to.seen): Judged => ({ to, ending: { error, at: place } });

const at = (error: TestcardError, { position }: StepNode): TestcardError =>
  error.position
    ? error
    : new TestcardError(error.code, error.message, { hint: error.hint, detail: error.detail, position });
