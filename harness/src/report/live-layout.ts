// The live view as lines of text: as much of what goes on as the terminal has room for, what changes standing on the left.

import type { createColors } from 'picocolors';
import type { Chars } from './chars.ts';
import { fitSegments, oneLine, type Segment } from './fit-text.ts';
import { type CaseNow, type Counts, type LiveState, type StepNow, type SuiteNow, stepShown } from './live-state.ts';
import { sparkline } from './sparkline.ts';

export interface LiveFrame {
  nowMs: number;
  columns: number;
  rows: number;
  chars: Chars;
  colors: ReturnType<typeof createColors>;
  /** Cases of the whole selection. */
  totalCases: number;
  startedAtMs: number;
  /** How long a step usually takes, ms, where earlier runs tell. */
  usualMs?: ((suite: string, caseId: string, step: StepNow) => number | undefined) | undefined;
}

/** A terminal that is narrower has no room for what explains a value. */
const NARROW = 60;
/** Wider rows of bars tell no more. */
const SPARK_CELLS = 16;
/** A step is said to take long when it has taken so many times the usual. */
const MUCH_LONGER = 1.5;

/** At most `rows - 1` lines, each at most `columns - 1` cells: nothing wraps, and the cursor has a line of its own. */
export function layoutLive(state: LiveState, frame: LiveFrame): string[] {
  const room = Math.max(1, frame.rows - 1);
  const suites = [...state.suites.values()].filter(isShown);
  const full = suites.map((now) => suiteLines(now, frame));
  const last = statusLine(state.ended, suites.length, frame);
  const fits = (blocks: Segment[][][]) => blocks.reduce((sum, block) => sum + block.length, 1) <= room;
  const brief = fits(full) ? full : suites.map((now) => [briefLine(now, frame)]);
  const lines = (
    fits(brief) ? brief : [...brief.slice(0, room - 2), [moreLine(brief.length - room + 2, frame)]]
  ).flat();
  const width = frame.columns - 1;
  return [...lines, last].slice(-room).map((segments) => fitSegments(segments, width, frame.chars.ellipsis));
}

const isShown = ({ kase, environment }: SuiteNow) =>
  kase !== undefined || environment === 'starting' || environment === 'stopping';

function suiteLines(now: SuiteNow, frame: LiveFrame): Segment[][] {
  const { kase } = now;
  if (!kase) return [environmentLine(now, frame)];
  const { colors: c, chars, nowMs } = frame;
  const step = stepShown(kase);
  const lines: Segment[][] = [caseLine(now, kase, frame)];
  if (step) lines.push([['    '], ...stepSegments(now.suite, kase, step, frame)]);
  for (const { title, sinceMs, isProven } of kase.faults.values()) {
    const text = `    ${chars.fault} ${clean(title, frame)}, for ${seconds(nowMs - sinceMs)}${isProven ? '' : ', not shown yet'}`;
    lines.push([[text, c.magenta]]);
  }
  return lines;
}

function caseLine(now: SuiteNow, kase: CaseNow, frame: LiveFrame): Segment[] {
  const { colors: c, chars, nowMs } = frame;
  return [
    [`${spin(frame)} `, c.cyan],
    [`${seconds(nowMs - kase.startedAtMs)} of ${seconds(kase.timeoutMs)} `, c.dim],
    [clean(now.suite, frame)],
    [` ${chars.arrow} `, c.dim],
    [clean(kase.title, frame), c.bold],
  ];
}

/** What changes comes first and keeps its place; the words, which may be cut, come last. */
function stepSegments(suite: string, kase: CaseNow, step: StepNow, frame: LiveFrame): Segment[] {
  const { colors: c, chars, nowMs, columns, usualMs } = frame;
  const tookMs = nowMs - step.startedAtMs;
  const usual = usualMs?.(suite, kase.id, step);
  const isLong = usual !== undefined && tookMs > usual * MUCH_LONGER && tookMs - usual > 1_000;
  const budget = step.budgetMs === undefined ? '' : ` of ${seconds(step.budgetMs)}`;
  const spark = columns < NARROW ? '' : sparkline(step.course.slice(-SPARK_CELLS), chars.bars);
  const last = step.last === undefined ? '' : clean(String(step.last), frame);
  return [
    [`${seconds(tookMs)}${budget} `, isLong ? c.yellow : c.cyan],
    ...(isLong ? [[`(usually ${seconds(usual)}) `, c.yellow] as const] : []),
    ...(spark === '' ? [] : [[`${spark} `, c.green] as const]),
    ...(last === '' ? [] : [[`${last} `, c.bold] as const]),
    [clean(step.waitingFor === undefined ? step.title : `waiting for ${step.waitingFor}`, frame), c.dim],
  ];
}

function briefLine(now: SuiteNow, frame: LiveFrame): Segment[] {
  const { colors: c, chars } = frame;
  const { kase } = now;
  if (!kase) return environmentLine(now, frame);
  const step = stepShown(kase);
  const faults = kase.faults.size > 0 ? [[`${chars.fault} `, c.magenta] as const] : [];
  return [
    [`${spin(frame)} `, c.cyan],
    ...faults,
    [`${clean(now.suite, frame)} `],
    ...(step ? stepSegments(now.suite, kase, step, frame) : ([[clean(kase.title, frame), c.dim]] as const)),
  ];
}

function environmentLine(now: SuiteNow, frame: LiveFrame): Segment[] {
  const { colors: c, nowMs } = frame;
  const waiting = now.starting.size > 0 ? `: ${[...now.starting].join(', ')}` : '';
  const words = now.environment === 'stopping' ? 'stopping the environment' : `starting the environment${waiting}`;
  return [
    [`${spin(frame)} `, c.cyan],
    [`${seconds(nowMs - now.sinceMs)} `, c.dim],
    [`${clean(now.suite, frame)} `],
    [clean(words, frame), c.dim],
  ];
}

const moreLine = (count: number, { colors: c }: LiveFrame): Segment[] => [[`  and ${count} more suites`, c.dim]];

function statusLine(ended: Counts, running: number, { colors: c, chars, nowMs, ...frame }: LiveFrame): Segment[] {
  const done = ended.passed + ended.failed + ended.inconclusive + ended.skipped;
  const dot: Segment = [` ${chars.dot} `, c.dim];
  const parts: Segment[] = [[`${done} of ${frame.totalCases} cases`]];
  if (ended.passed > 0) parts.push(dot, [`${ended.passed} passed`, c.green]);
  if (ended.failed > 0) parts.push(dot, [`${ended.failed} failed`, c.red]);
  if (ended.inconclusive > 0) parts.push(dot, [`${ended.inconclusive} inconclusive`, c.yellow]);
  if (ended.skipped > 0) parts.push(dot, [`${ended.skipped} skipped`, c.dim]);
  const suites = running === 0 && done === 0 ? 'starting' : `${running} ${running === 1 ? 'suite' : 'suites'} running`;
  parts.push(dot, [suites, c.dim]);
  parts.push(dot, [seconds(nowMs - frame.startedAtMs), c.dim]);
  return parts;
}

const clean = (text: string, { chars }: LiveFrame) => chars.text(oneLine(text));

const spin = ({ chars, nowMs }: LiveFrame) => chars.spinner[Math.floor(nowMs / 250) % chars.spinner.length] ?? '';

/** Short and of a steady width while it counts: `3.4s`, `48s`, `2m05s`. */
export function seconds(ms: number): string {
  const tenths = Math.max(0, Math.floor(ms / 100));
  if (tenths < 100) return `${(tenths / 10).toFixed(1)}s`;
  const whole = Math.floor(tenths / 10);
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, '0');
  return minutes < 60 ? `${minutes}m${rest}s` : `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}
