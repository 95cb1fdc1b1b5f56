// What judging one case again shares: the stored case, what the suite asks now, and looking at any moment of the run.

import { TestcardError } from '../../model/errors.ts';
import type { Look } from '../../model/looks.ts';
import type { CheckPorts, Window } from '../../model/ports.ts';
import type { StoredObservations } from '../../model/stored-observations.ts';
import type { CheckNode } from '../../model/suite.ts';
import type { CheckUse, TimelineEvent } from '../../model/timeline.ts';
import type { Judgement } from '../../model/verdict.ts';
import { judgementOfFailure, judgeObservation } from '../judge-check.ts';
import type { Placed, StepRun, StoredCase } from './stored-case.ts';
import { type Moment, type Remeasure, storedPorts } from './stored-ports.ts';

export interface CaseReplayOptions {
  stored: StoredCase;
  /** All of the suite's timeline. */
  events: readonly TimelineEvent[];
  observations: StoredObservations;
  remeasure?: Remeasure | undefined;
  signal: AbortSignal;
}

/** What ended the case, and where on the timeline. */
export interface Ending {
  error: TestcardError;
  at: number;
}

/** Pauses between looks that the run did not make, as the engine's own. */
const LOOK_EVERY_MS = 50;

export class CaseReplay {
  readonly stored: StoredCase;
  readonly signal: AbortSignal;
  readonly saved: Record<string, unknown> = {};
  readonly phases: Placed<{ name: string }>[] = [];
  /** What verdicts rest on beside the stored run. */
  readonly notes: string[] = [];
  readonly #options: CaseReplayOptions;
  readonly #judged = new Set<string>();
  readonly #taken = new Map<string, number>();
  /** Places at which steps began that act on the pipeline. */
  #acts: Placed<{ title: string }>[] = [];

  constructor(options: CaseReplayOptions) {
    this.#options = options;
    this.stored = options.stored;
    this.signal = options.signal;
  }

  /** Names the steps that act, so that what comes after one is not taken for what would have come without it. */
  setActs(isAct: (step: string) => boolean): void {
    this.#acts = [...this.stored.runs.values()]
      .flat()
      .filter(({ step }) => isAct(step))
      .map(({ title, start, startMs }) => ({ title, at: start, atMs: startMs }))
      .sort((a, b) => a.at - b.at);
  }

  /** The next time that the step was carried out; undefined when the run did not get there. */
  takeRun(step: string): StepRun | undefined {
    const taken = this.#taken.get(step) ?? 0;
    const run = this.stored.runs.get(step)?.[taken];
    if (run) this.#taken.set(step, taken + 1);
    return run;
  }

  /** A step that was judged by its answer, and holds now: its error in the run is not what ends the case. */
  noteJudged(run: StepRun): void {
    if (run.end?.error) this.#judged.add(run.end.error.message);
  }

  hasJudged({ message }: { message: string }): boolean {
    return this.#judged.has(message);
  }

  /** How often a step was begun while another one ran. */
  runsWithin(step: string, holder: StepRun | undefined): number {
    if (!holder) return 0;
    const end = holder.end?.at ?? Number.POSITIVE_INFINITY;
    return this.stored.runs.get(step)?.filter(({ start }) => start > holder.start && start < end).length ?? 0;
  }

  get startedAtMs(): number {
    return this.stored.baseline?.atMs ?? 0;
  }

  /** Judges at a look that the run made; `also` narrows the window as the step does. */
  lookAgain(check: CheckNode, look: Placed<Look>): Promise<Judgement> {
    const { heldSinceMs, anySinceMs } = look.window;
    const since = {
      ...(heldSinceMs === undefined ? {} : { heldSinceMs }),
      ...(anySinceMs === undefined ? {} : { anySinceMs }),
    };
    return this.#judge(check, { seen: look.seen, atMs: look.atMs }, look.how, since, look);
  }

  /** Judges at a moment at which the run did not look. */
  lookAt(check: CheckNode, moment: Moment, how: CheckUse, since: Partial<Window> = {}): Promise<Judgement> {
    return this.#judge(check, moment, how, since);
  }

  async #judge(
    check: CheckNode,
    moment: Moment,
    how: CheckUse,
    since: Partial<Window>,
    look?: Placed<Look>,
  ): Promise<Judgement> {
    const { stored, observations, remeasure } = this.#options;
    const note = (text: string) => this.notes.includes(text) || this.notes.push(text);
    const ports: CheckPorts = storedPorts(
      { stored, observations, remeasure, note },
      moment,
      look && (look.answers ?? []),
    );
    try {
      const window = { ...this.#windowOf(check, moment), ...since };
      const observation = await check.kind.observe(check.input, ports, window, this.signal);
      return judgeObservation(check, observation, how);
    } catch (error) {
      this.signal.throwIfAborted();
      return judgementOfFailure(check, error);
    }
  }

  /** As the engine has it: a phase lasts until the next one; of several with one name the latest is meant. */
  #windowOf({ during }: CheckNode, { seen }: Moment): Window {
    if (during === undefined) return { fromMs: this.startedAtMs };
    const phases = this.phases.filter(({ at }) => at < seen);
    const index = phases.findLastIndex(({ name }) => name === during);
    const phase = phases[index];
    if (!phase) throw new TestcardError('CHECK_INCONCLUSIVE', `phase ${during} has not begun yet`);
    const next = phases[index + 1];
    return { fromMs: phase.atMs, ...(next ? { toMs: next.atMs } : {}) };
  }

  /** Where on the timeline an instant is, at or after a place. */
  momentAt(atMs: number, from: number): Moment {
    const { events } = this.#options;
    let seen = from;
    while (seen < events.length && (events[seen]?.atMs ?? 0) <= atMs) seen += 1;
    return { seen, atMs };
  }

  /**
   * Moments after `from` at which something was sampled, at least a look's pause apart, until `untilMs`, which is the last one. Ends early, with
   * why in words, where the run did something else, or was over: what would have been seen after that is not known.
   */
  *momentsAfter(from: Moment, untilMs: number): Generator<Moment, string | undefined> {
    const { events } = this.#options;
    const act = this.#acts.find(({ at }) => at >= from.seen);
    const end = this.stored.end;
    const limit = Math.min(act?.at ?? events.length, end?.at ?? events.length);
    let lastMs = from.atMs;
    for (let at = from.seen; at < limit; at += 1) {
      const event = events[at];
      if (!event || (event.type !== 'metrics' && event.type !== 'log' && event.type !== 'service')) continue;
      if (event.atMs >= untilMs) break;
      if (event.atMs < lastMs + LOOK_EVERY_MS) continue;
      lastMs = event.atMs;
      yield { seen: at + 1, atMs: event.atMs };
    }
    const limitMs = events[limit]?.atMs ?? Number.POSITIVE_INFINITY;
    if (limitMs >= untilMs && limit < events.length) {
      yield this.momentAt(untilMs, from.seen);
      return undefined;
    }
    return act && act.at === limit ? `by then the run had gone on with “${act.title}”` : 'the run was over by then';
  }
}

/** What a stored run cannot tell. */
export function untold(message: string, check?: { position: TestcardError['position'] }): TestcardError {
  return new TestcardError('NOT_REPLAYABLE', message, {
    position: check?.position,
    hint: 'the stored run cannot tell: run it again',
  });
}
