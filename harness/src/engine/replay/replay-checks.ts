// `expect`, `eventually` and `always` judged again: at the looks that the run made, and beyond them where the suite now asks for more.

import { formatDurationMs } from '../../base/duration.ts';
import { TestcardError } from '../../model/errors.ts';
import type { Look } from '../../model/looks.ts';
import type { CheckNode } from '../../model/suite.ts';
import type { CheckUse } from '../../model/timeline.ts';
import type { Judgement } from '../../model/verdict.ts';
import { judgementError } from '../judge-check.ts';
import { alignChecks } from './align.ts';
import { type CaseReplay, type Ending, untold } from './case-replay.ts';
import { replayRecovery } from './replay-recovery.ts';
import { isSameCheck } from './same-input.ts';
import type { Placed, StepRun } from './stored-case.ts';
import { isOfCheck, type Moment, storedError } from './stored-ports.ts';

/** A step that judges, with what is known of it. */
export interface Judging<I> {
  input: I;
  /** What it asked for in the run; undefined when it is new. */
  was: I | undefined;
  /** It asks for the same as in the run. */
  isSame: boolean;
  /** Undefined when it is new, or the run did not get there. */
  run: StepRun | undefined;
  /** Where the step before ended. */
  from: Moment;
}

/** Where the step ends; `ending` when a promise did not hold, or nothing can be told. */
export interface Judged {
  to: Moment;
  ending?: Ending;
}

const ofLook = ({ at, atMs }: Placed<Look>): Moment => ({ seen: at + 1, atMs });
const looksOf = (run: StepRun | undefined, how: CheckUse) => run?.looks.filter((look) => look.how === how) ?? [];

/** Elapsed time of a step, which has been measured to the microsecond, against a bound: the clocks of two machines agree no better. */
const ROUNDING_MS = 2;

export async function replayExpect(
  replay: CaseReplay,
  { input, was, isSame, run, from }: Judging<CheckNode[]>,
): Promise<Judged> {
  const looks = looksOf(run, 'expect');
  const last = looks.at(-1);
  const moment = last ? ofLook(last) : run ? { seen: run.start, atMs: run.startMs } : from;
  let to = run ? endOf(run) : moment;
  const endings: Ending[] = [];
  // What ended the step while it looked was not one of its checks.
  const isWhole = new Set(looks.map(({ check }) => check)).size >= (was?.length ?? 0);
  const cutOff = isWhole ? undefined : run?.end?.error;
  for (const { now: check, was: before, index } of alignChecks(input, was ?? [])) {
    if (!check) continue;
    // The last one decided: what may be on its way is looked for again.
    const look = looks.findLast((each) => each.check === index);
    // What the run did not come to judge (a measurement that took longer than the case may) did not decide it.
    if (cutOff && !look && before && isSameCheck(check, before)) continue;
    const judgement = look ? await replay.lookAgain(check, look) : await replay.lookAt(check, moment, 'expect');
    if (judgement.verdict === 'passed') continue;
    endings.push({ error: judgementError(check, judgement), at: look?.at ?? moment.seen });
  }
  const failed = endings.find(({ error }) => error.kind === 'failed');
  // As it went: what ended the case while the step still looked decided, unless time ran out with a promise broken already.
  if (isSame && cutOff && !isOfCheck(cutOff) && !(failed && cutOff.code === 'CASE_TIMEOUT'))
    return { to, ending: { error: storedError(cutOff), at: run?.end?.at ?? 0 } };
  const first = failed ?? endings[0];
  if (!first && cutOff) {
    const error = isOfCheck(cutOff)
      ? untold('the run ended here, before all of this was looked at')
      : storedError(cutOff);
    return { to, ending: { error, at: run?.end?.at ?? 0 } };
  }
  if (first && last) to = ofLook(last);
  return first ? { to, ending: first } : { to };
}

interface Eventually {
  within: number;
  unless?: CheckNode | undefined;
  'recovers-within'?: number | undefined;
  check: CheckNode;
}

export async function replayEventually(replay: CaseReplay, judging: Judging<Eventually>): Promise<Judged> {
  const { input, was, run, from } = judging;
  const { within, check, unless } = input;
  const begin: Moment = run ? { seen: run.start, atMs: run.startMs } : from;
  const isSameBound = was?.within === within;
  const looks = looksOf(run, 'eventually').filter(({ atMs }) => isSameBound || atMs - begin.atMs <= within);
  const since = { anySinceMs: looks[0]?.window.anySinceMs ?? begin.atMs };
  let last: Judgement | undefined;
  let place = begin;
  let count = 0;
  const decide = async (
    judgement: Judgement,
    moment: Moment,
    barrier: () => Promise<Judgement>,
  ): Promise<Judged | undefined> => {
    last = judgement;
    place = moment;
    count += 1;
    if (judgement.verdict === 'passed') {
      const ending = replayRecovery(replay, { input, judgement, moment, run });
      return ending ? { to: moment, ending } : { to: moment };
    }
    const blocked = unless && (await barrier());
    const reason =
      blocked?.verdict === 'passed' ? `${unless?.title} became true (${blocked.seen})` : judgement.hopeless;
    if (reason === undefined) return undefined;
    const isBarrier = judgement.verdict === 'inconclusive' && judgement.hopeless === undefined;
    const decided: Judgement = isBarrier ? { ...judgement, verdict: 'failed' } : judgement;
    const waited = formatDurationMs(moment.atMs - begin.atMs);
    return {
      to: moment,
      ending: { error: judgementError(check, decided, ` (gave up after ${waited}: ${reason})`), at: moment.seen },
    };
  };
  for (const [index, look] of looks.entries()) {
    const judgement = await replay.lookAgain(check, look);
    const barrier = () => lookAtBarrier(replay, unless as CheckNode, { run, look, next: looks[index + 1], since });
    const done = await decide(judgement, ofLook(look), barrier);
    if (done) return done;
  }
  const untilMs = begin.atMs + within;
  const waitedMs = run?.end?.elapsedMs ?? 0;
  // The run itself waited until its time was over: there is nothing more to see.
  if (!(isSameBound && waitedMs >= within - ROUNDING_MS)) {
    if (judging.isSame && run?.end?.error) return cutOff(run, check, seenSoFar(last));
    const moments = replay.momentsAfter(place, untilMs);
    for (let next = moments.next(); ; next = moments.next()) {
      if (next.done) {
        if (next.value === undefined) break;
        return {
          to: place,
          ending: { error: untold(`${check.title} — ${seenSoFar(last)}; ${next.value}`, check), at: place.seen },
        };
      }
      const moment = next.value;
      const judgement = await replay.lookAt(check, moment, 'eventually', since);
      const done = await decide(judgement, moment, () => replay.lookAt(unless as CheckNode, moment, 'unless', since));
      if (done) return done;
    }
  }
  const at = run?.end?.at ?? place.seen;
  const to = run ? endOf(run) : place;
  if (!last) {
    const text = `${check.title} — nothing could be looked at within ${formatDurationMs(within)}`;
    return { to, ending: { error: new TestcardError('CHECK_INCONCLUSIVE', text, { position: check.position }), at } };
  }
  const ending = ` (looked ${count} times in ${formatDurationMs(within)})`;
  return { to, ending: { error: judgementError(check, last, ending), at } };
}

/** The look at `unless` that went with a look, or one at the same moment where the run had none. */
function lookAtBarrier(
  replay: CaseReplay,
  unless: CheckNode,
  {
    run,
    look,
    next,
    since,
  }: { run: StepRun | undefined; look: Placed<Look>; next: Placed<Look> | undefined; since: object },
): Promise<Judgement> {
  const isBetween = ({ at }: Placed<Look>) => at > look.at && at < (next?.at ?? Number.POSITIVE_INFINITY);
  const stored = looksOf(run, 'unless').find(isBetween);
  return stored ? replay.lookAgain(unless, stored) : replay.lookAt(unless, ofLook(look), 'unless', since);
}

interface Always {
  for: number;
  check: CheckNode;
}

export async function replayAlways(
  replay: CaseReplay,
  { input, was, isSame: isUnchanged, run, from }: Judging<Always>,
): Promise<Judged> {
  const { for: forMs, check } = input;
  const begin: Moment = run ? { seen: run.start, atMs: run.startMs } : from;
  const isSameBound = was?.for === forMs;
  const looks = looksOf(run, 'always').filter(({ atMs }) => isSameBound || atMs - begin.atMs <= forMs);
  const since = { heldSinceMs: looks[0]?.window.heldSinceMs ?? begin.atMs };
  let place = begin;
  const broken = (judgement: Judgement, moment: Moment): Judged => {
    const held = ` (held for ${formatDurationMs(moment.atMs - begin.atMs)} of ${formatDurationMs(forMs)})`;
    return { to: moment, ending: { error: judgementError(check, judgement, held), at: moment.seen } };
  };
  for (const look of looks) {
    const judgement = await replay.lookAgain(check, look);
    place = ofLook(look);
    if (judgement.verdict !== 'passed') return broken(judgement, place);
  }
  const heldMs = run?.end?.elapsedMs ?? 0;
  if (isSameBound && heldMs >= forMs - ROUNDING_MS) return { to: run ? endOf(run) : place };
  if (isUnchanged && run?.end?.error) return cutOff(run, check, 'it held so far');
  const moments = replay.momentsAfter(place, begin.atMs + forMs);
  for (let next = moments.next(); ; next = moments.next()) {
    if (next.done) {
      if (next.value === undefined) return { to: run ? endOf(run) : place };
      return {
        to: place,
        ending: { error: untold(`${check.title} — it held so far; ${next.value}`, check), at: place.seen },
      };
    }
    place = next.value;
    const judgement = await replay.lookAt(check, place, 'always', since);
    if (judgement.verdict !== 'passed') return broken(judgement, place);
  }
}

/** Something beside the step ended the case while it looked. */
function cutOff(run: StepRun, check: CheckNode, seen: string): Judged {
  const stored = run.end?.error;
  const at = run.end?.at ?? run.start;
  // What ended it is as true now as it was then, unless it was another check.
  if (stored && !isOfCheck(stored)) return { to: endOf(run), ending: { error: storedError(stored), at } };
  const { message } = stored ?? { message: 'it was killed' };
  const error = untold(`${check.title} — ${seen}; the run ended here: ${message}`, check);
  return { to: endOf(run), ending: { error, at } };
}

export function endOf({ start, startMs, end }: StepRun): Moment {
  return end ? { seen: end.at + 1, atMs: end.atMs } : { seen: start + 1, atMs: startMs };
}

const seenSoFar = (last: Judgement | undefined) => last?.seen ?? 'it was not looked at';
