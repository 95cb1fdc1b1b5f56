// What the console says of events as lines that stay: steps where nothing is drawn live, everything that is observed where it is asked for.

import type { createColors } from 'picocolors';
import { formatDurationMs } from '../base/duration.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import type { Verdict } from '../model/verdict.ts';
import type { Chars } from './chars.ts';
import { fitSegments, oneLine } from './fit-text.ts';
import { wordsOfEvent } from './happenings.ts';
import { type LiveState, type StepNow, stepShown } from './live-state.ts';

export type Verbosity = 'quiet' | 'normal' | 'verbose';

export interface EventLinesOptions {
  colors: ReturnType<typeof createColors>;
  chars: Chars;
  verbosity: Verbosity;
  live: boolean;
}

/** Without a live view, a step that takes long says so this often. */
const PROGRESS_EVERY_MS = { normal: 10_000, verbose: 3_000 } as const;
/** Of one service in a second; a service that says more than this says the same. */
const MOST_LOG_LINES = 5;
const TITLE_CELLS = 110;

export class EventLines {
  readonly #options: EventLinesOptions;
  readonly #saidAtMs = new Map<string, number>();
  readonly #logs = new Map<string, { second: number; count: number }>();

  constructor(options: EventLinesOptions) {
    this.#options = options;
  }

  /** `state` as it was before the event. */
  linesOf(suite: string, event: TimelineEvent, state: LiveState): string[] {
    const { verbosity, live, colors: c } = this.#options;
    if (verbosity === 'quiet') return [];
    const isVerbose = verbosity === 'verbose';
    const kase = state.suites.get(suite)?.kase;
    if (event.type === 'step-ended') {
      const step = kase?.steps.find(({ id }) => id === event.step);
      const isNested = event.step.includes('.');
      return step && (isVerbose || (!live && !isNested))
        ? [this.#stepLine(suite, step, event.verdict, event.elapsedMs)]
        : [];
    }
    if (event.type === 'case-started') return isVerbose || !live ? [this.#line(suite, event.title, 0, c.bold)] : [];
    if (event.type === 'environment') {
      if (event.state !== 'ready' || (live && !isVerbose)) return [];
      return [
        this.#line(suite, `environment ready in ${formatDurationMs(Math.round(event.elapsedMs ?? 0))}`, 0, c.dim),
      ];
    }
    if (event.type === 'step-progress') return live ? [] : this.#progressLines(suite, event, kase && stepShown(kase));
    return isVerbose ? this.#observed(suite, event) : [];
  }

  #observed(suite: string, event: TimelineEvent): string[] {
    const { colors: c } = this.#options;
    if (event.type === 'check') {
      const { verdict, expected, seen } = event.judgement;
      return [this.#line(suite, `${expected} — ${seen}`, 2, undefined, this.#mark(verdict))];
    }
    if (event.type === 'phase') return [this.#line(suite, `phase ${event.name}`, 1, c.cyan)];
    const words = wordsOfEvent(event);
    if (!words) return [];
    if (event.type === 'log' && (words.weight !== 'bad' || this.#isTooMuch(event.service, event.atMs))) return [];
    const paint = words.weight === 'bad' ? c.red : words.kind === 'fault' ? c.magenta : c.dim;
    return [this.#line(suite, words.text, 2, paint)];
  }

  #isTooMuch(service: string, atMs: number): boolean {
    const second = Math.floor(atMs / 1000);
    const known = this.#logs.get(service);
    const count = known?.second === second ? known.count + 1 : 1;
    this.#logs.set(service, { second, count });
    return count > MOST_LOG_LINES;
  }

  #stepLine(suite: string, step: StepNow, verdict: Verdict, elapsedMs: number): string {
    const { colors: c, chars } = this.#options;
    const title = fitSegments([[chars.text(oneLine(step.title))]], TITLE_CELLS, chars.ellipsis);
    const time = c.dim(`(${formatDurationMs(Math.round(elapsedMs))})`);
    const depth = step.id.split('.').length;
    return `${suite}  ${'  '.repeat(depth)}${this.#mark(verdict)} ${title} ${time}`;
  }

  #progressLines(
    suite: string,
    { atMs, step: id, waitingFor, last }: Extract<TimelineEvent, { type: 'step-progress' }>,
    step: StepNow | undefined,
  ): string[] {
    const { verbosity, chars } = this.#options;
    if (verbosity === 'quiet' || step?.id !== id) return [];
    const key = `${suite} ${step.id} ${step.startedAtMs}`;
    if (atMs - (this.#saidAtMs.get(key) ?? step.startedAtMs) < PROGRESS_EVERY_MS[verbosity]) return [];
    this.#saidAtMs.set(key, atMs);
    const value = last === undefined ? '' : ` · last ${last}`;
    const budget = step.budgetMs === undefined ? '' : ` of ${formatDurationMs(step.budgetMs)}`;
    const took = formatDurationMs(Math.round((atMs - step.startedAtMs) / 100) * 100);
    return [this.#line(suite, `… waiting for ${waitingFor}${value} · ${took}${budget}`, 1)].map(chars.text);
  }

  #mark(verdict: Verdict): string {
    const { colors: c, chars } = this.#options;
    return verdict === 'passed'
      ? c.green(chars.passed)
      : verdict === 'failed'
        ? c.red(chars.failed)
        : c.yellow(chars.unclear);
  }

  #line(suite: string, text: string, depth: number, paint?: (text: string) => string, mark?: string): string {
    const { chars } = this.#options;
    const words = chars.text(oneLine(text));
    return `${suite}  ${'  '.repeat(depth)}${mark === undefined ? '' : `${mark} `}${paint ? paint(words) : words}`;
  }
}
