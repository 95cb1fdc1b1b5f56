// The console view of a run: one line for what is over, a live region (on a terminal) or a line now and then (elsewhere)
// for what goes on, and at the end failures, figures, verdict and where the evidence is.

import Table from 'cli-table3';
import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import { formatDurationMs } from '../base/duration.ts';
import type { CaseResult, RunResult } from '../model/results.ts';
import { isFlaky } from '../model/rounds.ts';
import type { ErrorRecord, TimelineEvent } from '../model/timeline.ts';
import type { Verdict } from '../model/verdict.ts';
import { renderFlakeTable } from './flake-table.ts';
import { LiveState, type SuiteNow } from './live-state.ts';

export interface ConsoleView {
  event(suite: string, event: TimelineEvent): void;
  caseEnded(suite: string, result: CaseResult): void;
  /** Ends the live region. */
  close(): void;
}

export interface ConsoleOptions {
  out: NodeJS.WriteStream;
  color: boolean;
  /** Default: whether `out` is a terminal. */
  live?: boolean;
}

/** Without a terminal, a step that takes long says so this often. */
const PLAIN_PROGRESS_EVERY_MS = 10_000;
const REDRAW_EVERY_MS = 120;

export function createConsoleView({ out, color, live = out.isTTY === true }: ConsoleOptions): ConsoleView {
  const c = pc.createColors(color);
  const state = new LiveState();
  const update = live ? createLogUpdate(out, { showCursor: true }) : undefined;
  const print = (line: string) => {
    update?.clear();
    out.write(`${line}\n`);
    redraw();
  };
  const redraw = () => {
    if (!update) return;
    const lines = [...state.suites.values()]
      .map((now) => liveLine(now, out.columns ?? 100))
      .filter((line) => line !== '');
    if (lines.length > 0) update(c.dim(lines.join('\n')));
  };
  const timer = live ? setInterval(redraw, REDRAW_EVERY_MS) : undefined;
  const saidAtMs = new Map<string, number>();
  const titles = new Map<string, string>();
  const told = new Set<string>();

  const plainProgress = (suite: string, now: SuiteNow, atMs: number) => {
    if (live || !now.step) return;
    const key = `${suite} ${now.step.id}`;
    const since = atMs - (saidAtMs.get(key) ?? now.step.startedAtMs);
    if (since < PLAIN_PROGRESS_EVERY_MS) return;
    saidAtMs.set(key, atMs);
    print(`${suite}    … ${liveText(now, atMs)}`);
  };

  return {
    event(suite, event) {
      const now = state.apply(suite, event);
      if (event.type === 'environment' && event.state === 'ready') {
        print(`${suite}  ${c.dim(`environment ready in ${formatDurationMs(event.elapsedMs ?? 0)}`)}`);
      } else if (event.type === 'case-started') {
        titles.set(`${suite} ${event.case}`, event.title);
        print(`${suite}  ${c.bold(event.title)}`);
      } else if (event.type === 'step-ended' && !event.step.includes('.')) {
        const mark =
          event.verdict === 'passed' ? c.green('✓') : event.verdict === 'failed' ? c.red('✗') : c.yellow('?');
        const title = now.step?.id === event.step ? now.step.title : `step ${event.step}`;
        print(`${suite}    ${mark} ${cut(title, 110)} ${c.dim(`(${formatDurationMs(event.elapsedMs)})`)}`);
      } else if (event.type === 'case-ended') {
        told.add(`${suite} ${event.case}`);
        const title = titles.get(`${suite} ${event.case}`) ?? event.case;
        print(`${suite}  ${badge(event.verdict, c)} ${title} ${c.dim(`(${formatDurationMs(event.elapsedMs)})`)}`);
      } else if (event.type === 'step-progress') {
        plainProgress(suite, now, event.atMs);
      }
    },
    caseEnded(suite, result) {
      if (told.has(`${suite} ${result.case}`)) return; // its timeline said so
      const name = result.verdict === 'skipped' ? `${result.title} (${result.reason ?? 'skipped'})` : result.title;
      print(`${suite}  ${badge(result.verdict, c)} ${name} ${c.dim(`(${formatDurationMs(result.elapsedMs)})`)}`);
    },
    close() {
      if (timer) clearInterval(timer);
      update?.clear();
      update?.done();
    },
  };
}

function liveText(now: SuiteNow, atMs: number): string {
  const elapsed = now.step ? formatDurationMs(Math.round((atMs - now.step.startedAtMs) / 100) * 100) : '';
  const waiting = now.waitingFor === undefined ? (now.step?.title ?? '') : `waiting for ${now.waitingFor}`;
  const last = now.last === undefined ? '' : ` · last ${now.last}`;
  return `${waiting}${last} · ${elapsed}`;
}

function liveLine(now: SuiteNow, columns: number): string {
  if (now.step) return cut(`⏳ ${now.suite} · ${liveText(now, Date.now())}`, columns - 1);
  if (now.environment === 'starting') return `⏳ ${now.suite} · starting the environment`;
  if (now.environment === 'stopping') return `⏳ ${now.suite} · stopping the environment`;
  return '';
}

/** Failures with their code frames, figures, verdict, where the report is: what stands last on the screen. */
export function renderSummary(run: RunResult, color: boolean, columns = 120): string {
  const c = pc.createColors(color);
  const parts: string[] = [''];
  for (const suite of run.suites) {
    for (const result of suite.cases) {
      if (result.verdict !== 'failed' && result.verdict !== 'inconclusive') continue;
      parts.push(`${badge(result.verdict, c)} ${c.bold(`${suite.name} › ${result.title}`)}`);
      if (result.codeFrame) parts.push(paintFrame(result.codeFrame, result.verdict, c));
      else if (result.error) parts.push(errorText(result.error));
      for (const more of result.moreErrors ?? []) parts.push(`  also: ${errorText(more)}`);
      parts.push('');
    }
    for (const error of suite.errors) parts.push(`${badge('inconclusive', c)} ${suite.name}: ${errorText(error)}`, '');
  }
  for (const error of run.errors) parts.push(`${badge('inconclusive', c)} ${errorText(error)}`, '');
  const figures = figureTable(run, color, columns);
  if (figures !== '') parts.push(figures, '');
  const flakes = renderFlakeTable(run, color, columns);
  if (flakes !== '') parts.push(flakes, '');
  parts.push(verdictLine(run, c));
  parts.push(`${c.dim('report')}  ${run.folder}`);
  return parts.join('\n');
}

/** First line, the promise and what was seen, in the verdict's colour; the place and the YAML below it. */
function paintFrame(frame: string, verdict: Verdict, c: ReturnType<typeof pc.createColors>): string {
  const [first = '', ...rest] = frame.split('\n');
  const paint = verdict === 'failed' ? c.red : c.yellow;
  return [paint(first), ...rest.map((line) => (/^\s*(>|\||❯)|^\s+\|\s+\^/.test(line) ? line : c.dim(line)))].join('\n');
}

function errorText(error: ErrorRecord): string {
  return error.hint === undefined ? error.message : `${error.message}\n    ${error.hint}`;
}

const MIN_WIDTH = 80;
const MAX_WIDTH = 150;
/** Of what the name column leaves: how wide the value is; the rest is for the promise. */
const VALUE_SHARE = 0.55;

function figureTable(run: RunResult, color: boolean, columns: number): string {
  const c = pc.createColors(color);
  const measured = run.suites.flatMap((suite) =>
    suite.cases.filter(({ figures }) => figures.length > 0).map((result) => ({ suite, result })),
  );
  if (measured.length === 0) return '';
  const width = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, columns));
  const names = measured.flatMap(({ result }) => result.figures.map(({ name }) => name.length));
  const nameWidth = Math.min(Math.floor(width * 0.35), Math.max(...names) + 4);
  const valueWidth = Math.floor((width - nameWidth - 4) * VALUE_SHARE);
  const table = new Table({
    head: ['measured', 'value', 'promised'],
    colWidths: [nameWidth, valueWidth, width - nameWidth - 4 - valueWidth],
    wordWrap: true,
    style: color ? { head: ['cyan'], compact: true } : { head: [], border: [], compact: true },
  });
  for (const { suite, result } of measured) {
    table.push([{ colSpan: 3, content: c.bold(`${suite.name} › ${result.title}`) }]);
    for (const { name, value, promised = '', verdict } of result.figures) {
      const mark = verdict === 'passed' ? c.green('✓') : verdict === 'failed' ? c.red('✗') : c.yellow('?');
      table.push([`${mark} ${name}`, value, promised]);
    }
  }
  return table.toString();
}

function verdictLine(run: RunResult, c: ReturnType<typeof pc.createColors>): string {
  const all = run.suites.flatMap((suite) => suite.cases);
  const count = (verdict: string) => all.filter((result) => result.verdict === verdict).length;
  const flaky = all.filter(isFlaky).length;
  const words = [
    `${count('passed')} passed`,
    `${count('failed')} failed`,
    `${count('inconclusive')} inconclusive`,
    ...(count('skipped') > 0 ? [`${count('skipped')} skipped`] : []),
    ...(flaky > 0 ? [`${flaky} flaky`] : []),
  ].join(', ');
  return `${badge(run.verdict, c)} ${words} ${c.dim(`in ${formatDurationMs(run.elapsedMs)} · exit code ${run.exitCode}`)}`;
}

function badge(verdict: Verdict | 'skipped', c: ReturnType<typeof pc.createColors>): string {
  if (verdict === 'passed') return c.green('PASSED');
  if (verdict === 'failed') return c.red('FAILED');
  if (verdict === 'skipped') return c.dim('SKIPPED');
  return c.yellow('INCONCLUSIVE');
}

const cut = (text: string, length: number) =>
  text.length <= length ? text : `${text.slice(0, Math.max(1, length - 1))}…`;
