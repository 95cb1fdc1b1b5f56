// The console view of a run. On a terminal, what goes on now stands at the bottom and what is over scrolls above it; elsewhere, lines.

import pc from 'picocolors';
import { formatDurationMs } from '../base/duration.ts';
import type { CaseResult } from '../model/results.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { type Chars, UNICODE } from './chars.ts';
import { EventLines, type Verbosity } from './event-lines.ts';
import { fitSegments, oneLine } from './fit-text.ts';
import { layoutLive } from './live-layout.ts';
import { createLiveRegion } from './live-region.ts';
import { LiveState, type StepNow } from './live-state.ts';
import { type StepHistory, type StepName, StepTimes } from './step-history.ts';
import { badge } from './summary.ts';

/** Where the view is shown: a terminal, a pipe, or a test's screen. */
export interface ConsoleScreen {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** Looks whether it has another size; if so, tells its `resize` listeners. */
  refreshSize?(): void;
  /** Set while it cannot take more: a frame is left out then. */
  readonly writableNeedDrain?: boolean | undefined;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

export interface ConsoleOptions {
  out: ConsoleScreen;
  color: boolean;
  /** Draw what goes on at the bottom of a terminal. */
  live: boolean;
  chars?: Chars;
  verbosity?: Verbosity;
  /** Cases that will not block if they fail, as `<suite>/<case>`: said where one does. */
  excused?: readonly string[];
  history?: StepHistory;
  nowMs?: () => number;
}

export interface ConsoleView {
  /** A pass over so many cases begins. */
  begin(cases: number): void;
  /** A line, or several, that stay. */
  note(text: string): void;
  event(suite: string, event: TimelineEvent): void;
  caseEnded(suite: string, result: CaseResult): void;
  /** What goes on now, as text: for those who ask. */
  progress(columns?: number): string;
  /** Steps that were much slower than in earlier runs, in words. */
  notices(): string[];
  /** How long steps took: for later runs. */
  readonly stepTimes: StepTimes;
  /** Ends the live region. */
  close(): void;
}

type CaseEnd = Pick<CaseResult, 'case' | 'verdict' | 'elapsedMs'>;

/** Often enough for tenths of a second to look steady. */
const REDRAW_EVERY_MS = 125;
const DEFAULT_COLUMNS = 100;
const DEFAULT_ROWS = 24;
const MOST_NOTICES = 20;

export function createConsoleView(options: ConsoleOptions): ConsoleView {
  const { out, color, live, chars = UNICODE, verbosity = 'normal', excused = [], history, nowMs = Date.now } = options;
  const c = pc.createColors(color);
  const state = new LiveState();
  const stepTimes = new StepTimes();
  const lines = new EventLines({ colors: c, chars, verbosity, live });
  const told = new Set<string>();
  const slow: string[] = [];
  let totalCases = 0;
  const startedAtMs = nowMs();

  const columns = () => out.columns ?? DEFAULT_COLUMNS;
  const region = live
    ? createLiveRegion({
        get columns() {
          return columns();
        },
        write: (text) => void out.write(text),
      })
    : undefined;
  const frame = (width: number, rows: number, colors: typeof c) => ({
    nowMs: nowMs(),
    columns: width,
    rows,
    chars,
    colors,
    totalCases,
    startedAtMs,
    usualMs: (suite: string, kase: string, { title }: StepNow) =>
      history?.usual({ suite, case: kase, title })?.medianMs,
  });
  const redraw = () => {
    if (!region || out.writableNeedDrain) return;
    out.refreshSize?.();
    region.draw(layoutLive(state, frame(columns(), out.rows ?? DEFAULT_ROWS, c)));
  };
  const note = (text: string) => {
    if (region) region.above(text);
    else out.write(text.endsWith('\n') ? text : `${text}\n`);
  };
  const onResize = () => {
    region?.resized();
    redraw();
  };
  const timer = region ? setInterval(redraw, REDRAW_EVERY_MS) : undefined;
  timer?.unref();
  if (region) out.on?.('resize', onResize);

  const sayWhenSlow = (step: StepName, elapsedMs: number) => {
    const usual = history?.usual(step);
    if (!usual || elapsedMs <= usual.limitMs || slow.length >= MOST_NOTICES) return;
    const text = slowText(step, elapsedMs, usual, chars);
    slow.push(text);
    if (verbosity !== 'quiet') note(c.yellow(text));
  };

  const caseLine = (suite: string, { case: id, verdict, elapsedMs }: CaseEnd, words: string) => {
    const isGood = verdict === 'passed' || verdict === 'skipped';
    if (verbosity === 'quiet' && isGood) return;
    const excuse = !isGood && excused.includes(`${suite}/${id}`) ? ', quarantined or not gating' : '';
    const after = c.dim(`(${formatDurationMs(Math.round(elapsedMs))}${excuse})`);
    note(`${badge(verdict, c)} ${chars.text(oneLine(`${suite} › ${words}`))} ${after}`);
  };

  return {
    stepTimes,
    begin(cases) {
      totalCases = cases;
      told.clear();
      state.reset();
    },
    note,
    event(suite, event) {
      // The title of a case is forgotten when it ends.
      const title = state.suites.get(suite)?.kase?.title;
      for (const line of lines.linesOf(suite, event, state)) note(line);
      state.apply(suite, event);
      const timed = stepTimes.apply(suite, event);
      if (timed) sayWhenSlow(timed.step, timed.elapsedMs);
      if (event.type !== 'case-ended') return;
      told.add(`${suite} ${event.case}`);
      state.count(event.verdict);
      caseLine(suite, event, title ?? event.case);
    },
    caseEnded(suite, result) {
      if (told.has(`${suite} ${result.case}`)) return; // its timeline said so
      state.count(result.verdict);
      const why = result.verdict === 'skipped' ? ` (${result.reason ?? 'skipped'})` : '';
      caseLine(suite, result, `${result.title}${why}`);
    },
    progress(width = 200) {
      return layoutLive(state, frame(width, Number.MAX_SAFE_INTEGER, pc.createColors(false))).join('\n');
    },
    notices: () => slow,
    close() {
      if (timer) clearInterval(timer);
      out.off?.('resize', onResize);
      region?.clear();
    },
  };
}

function slowText(
  { suite, title }: StepName,
  elapsedMs: number,
  { medianMs, runs }: { medianMs: number; runs: number },
  chars: Chars,
): string {
  const name = fitSegments([[chars.text(oneLine(title))]], 80, chars.ellipsis);
  const one = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return `${chars.slow} slow: ${suite}: ${name} took ${one(elapsedMs)}, in ${runs} earlier runs ${one(medianMs)}`;
}
