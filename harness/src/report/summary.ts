// What stands last on the screen: figures, failures, what did not pass by name, and in the last line the verdict and where the report is.

import pc from 'picocolors';
import { formatDurationMs } from '../base/duration.ts';
import { brokenQuarantineOf, gatingVerdict, isBlocking, standingOf } from '../model/gate.ts';
import type { CaseResult, RunResult } from '../model/results.ts';
import { isFlaky } from '../model/rounds.ts';
import type { ErrorRecord } from '../model/timeline.ts';
import type { Verdict } from '../model/verdict.ts';
import { UNICODE } from './chars.ts';
import type { FailureStory } from './failure-story.ts';
import { renderFailure, type TextStyle } from './failure-text.ts';
import { renderFigureTable } from './figure-table.ts';
import { fitSegments, oneLine } from './fit-text.ts';
import { renderFlakeTable } from './flake-table.ts';

type Colors = ReturnType<typeof pc.createColors>;

export interface SummaryOptions extends Partial<TextStyle> {
  /** By `<suite>/<case>`: see readFailureStories. */
  stories?: ReadonlyMap<string, FailureStory>;
  /** Without figures, shares of rounds, and notices. */
  quiet?: boolean;
  /** Notices that have scrolled away: steps that were much slower than in earlier runs. */
  notices?: readonly string[];
  /** Where to look first, relative to the working folder. Default: the run's folder. */
  report?: string;
}

export function renderSummary(run: RunResult, options: SummaryOptions = {}): string {
  const style: TextStyle = { color: false, columns: 120, chars: UNICODE, ...options };
  const { stories = new Map(), quiet = false, notices = [], report = run.folder } = options;
  const { chars } = style;
  const c = pc.createColors(style.color);
  const parts: string[] = [''];
  // First, for they can be long: what went wrong stands where the eye is when the run ends.
  const tables = quiet ? [] : [renderFigureTable(run, style), renderFlakeTable(run, style.color, style.columns)];
  for (const table of tables) if (table !== '') parts.push(chars.text(table), '');
  for (const suite of run.suites) {
    let unborn: FailureStory | undefined;
    let alike = 0;
    for (const result of suite.cases) {
      const standing = standingLines(suite.name, result, style, c);
      if (result.verdict !== 'failed' && result.verdict !== 'inconclusive') {
        if (standing.length > 0) parts.push(...standing, '');
        continue;
      }
      const story = stories.get(`${suite.suite}/${result.case}`);
      if (story && !story.when && story.seen === unborn?.seen) {
        alike += 1; // an environment that does not come up is told once
        continue;
      }
      if (story && !story.when) unborn = story;
      const told = story ? renderFailure(story, style) : chars.text(briefFailure(suite.name, result, c));
      parts.push(told, ...standing, '');
    }
    if (alike > 0) parts.push(c.dim(`  and ${alike} more of ${suite.name} for the same reason`), '');
    for (const error of suite.errors)
      parts.push(`${badge('inconclusive', c)} ${chars.text(`${suite.name}: ${errorText(error)}`)}`, '');
  }
  for (const error of run.errors) parts.push(`${badge('inconclusive', c)} ${chars.text(errorText(error))}`, '');
  if (notices.length > 0 && !quiet) parts.push(...notices.map((notice) => c.yellow(chars.text(notice))), '');
  parts.push(...notPassedLines(run, style, c));
  parts.push(`${verdictLine(run, c)} ${c.dim(`${chars.dot} report`)} ${report}`);
  return parts.join('\n');
}

/** What the gate and the quarantine list make of a case: why it does not block, or why it does although it passed. */
function standingLines(suite: string, result: CaseResult, { chars }: TextStyle, c: Colors): string[] {
  const standing = standingOf(result);
  if (!standing) return [];
  const text = chars.text(standing.text);
  if (!standing.blocks) return [`  ${c.yellow(`does not block: ${text}`)}`];
  const head = `${badge('failed', c)} ${c.bold(chars.text(`${suite} › ${result.title}`))}`;
  return [...(result.verdict === 'passed' ? [head] : []), `  ${c.red(text)}`];
}

/** For a case that has no story: it was interrupted, or never began. */
function briefFailure(suite: string, { verdict, title, error }: CaseResult, c: Colors): string {
  return `${badge(verdict, c)} ${c.bold(`${suite} › ${title}`)}${error ? `\n  ${errorText(error)}` : ''}`;
}

function errorText(error: ErrorRecord): string {
  return error.hint === undefined ? error.message : `${error.message}\n    ${error.hint}`;
}

/** One line a case, so that the last screen of a long run names them all. */
function notPassedLines(run: RunResult, { columns, chars }: TextStyle, c: Colors): string[] {
  const all = run.suites.flatMap((suite) => suite.cases.map((result) => ({ suite, result })));
  const bad = all.filter(
    ({ result }) => result.verdict === 'failed' || result.verdict === 'inconclusive' || isBlocking(result),
  );
  return bad.map(({ suite, result }) => {
    const standing = standingOf(result);
    const excuse = standing?.blocks === false ? standing.text : undefined;
    const broken = brokenQuarantineOf(result);
    const paint = excuse !== undefined ? c.dim : (gatingVerdict(result) ?? 'passed') === 'failed' ? c.red : c.yellow;
    const mark = result.verdict === 'inconclusive' && broken === undefined ? chars.unclear : chars.failed;
    const reason = [excuse, broken ?? result.error?.message].filter((part) => part !== undefined).join(': ');
    const why = reason === '' ? '' : ` ${chars.dot} ${chars.text(oneLine(reason))}`;
    return fitSegments(
      [[`${mark} `, paint], [chars.text(`${suite.name} › ${result.title}`)], [why, c.dim]],
      Math.max(40, columns - 1),
      chars.ellipsis,
    );
  });
}

function verdictLine(run: RunResult, c: Colors): string {
  const all = run.suites.flatMap((suite) => suite.cases);
  const count = (verdict: string) => all.filter((result) => result.verdict === verdict).length;
  const flaky = all.filter(isFlaky).length;
  const excused = all.filter(
    (result) => (result.verdict === 'failed' || result.verdict === 'inconclusive') && !isBlocking(result),
  ).length;
  const words = [
    `${count('passed')} passed`,
    `${count('failed')} failed`,
    `${count('inconclusive')} inconclusive`,
    ...(count('skipped') > 0 ? [`${count('skipped')} skipped`] : []),
    ...(flaky > 0 ? [`${flaky} flaky`] : []),
    ...(excused > 0 ? [`${excused} of them not blocking`] : []),
  ].join(', ');
  return `${badge(run.verdict, c)} ${words} ${c.dim(`in ${formatDurationMs(run.elapsedMs)}, exit code ${run.exitCode}`)}`;
}

export function badge(verdict: Verdict | 'skipped', c: Colors): string {
  if (verdict === 'passed') return c.green('PASSED');
  if (verdict === 'failed') return c.red('FAILED');
  if (verdict === 'skipped') return c.dim('SKIPPED');
  return c.yellow('INCONCLUSIVE');
}
