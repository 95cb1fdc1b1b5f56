// What judging a stored run again came to, for people: which verdicts moved, from what to what, by which line, and what was seen.

import pc from 'picocolors';
import { formatDurationMs } from '../base/duration.ts';
import { formatPosition } from '../model/position.ts';
import {
  hasMoved,
  type ReplayedCaseResult,
  type ReplayResult,
  type YamlChange,
  type YamlLine,
} from '../model/replays.ts';
import type { Verdict } from '../model/verdict.ts';

type Colors = ReturnType<typeof pc.createColors>;

export function renderReplay(result: ReplayResult, color: boolean): string {
  const c = pc.createColors(color);
  const moved = result.cases.filter(hasMoved);
  const lines = moved.flatMap((each) => movedLines(each, c));
  for (const each of result.cases) {
    if (hasMoved(each) || each.notes.length === 0) continue;
    lines.push(`${nameOf(each)}: ${each.notes.join('; ')}`);
  }
  for (const note of result.notes) lines.push(c.dim(`note: ${note}`));
  if (lines.length > 0) lines.push('');
  const count = (verdict: Verdict) => result.cases.filter(({ is }) => is === verdict).length;
  const words = `${count('passed')} passed, ${count('failed')} failed, ${count('inconclusive')} inconclusive`;
  const moves =
    moved.length === 0 ? 'every verdict as it was' : `${moved.length} of ${result.cases.length} verdicts moved`;
  lines.push(
    `${badge(result.verdict, c)} ${moves}: ${words} ${c.dim(`in ${formatDurationMs(Math.round(result.elapsedMs))} · exit code ${result.exitCode}`)}`,
    `${c.dim('replayed')}  ${result.folder}`,
  );
  return lines.join('\n');
}

function movedLines(each: ReplayedCaseResult, c: Colors): string[] {
  const { was, is, error, wasError, line, wasLine, changes = [], notes } = each;
  const said = (verdict: Verdict, message: string | undefined) => message ?? `${verdict}, nothing was wrong`;
  return [
    `${c.bold('MOVED')} ${paint(was, c)} → ${paint(is, c)}  ${c.bold(nameOf(each))}`,
    `  was  ${said(was, wasError?.message)}${yaml(wasLine, c)}`,
    `  is   ${said(is, error?.message)}${yaml(line, c)}`,
    ...(error?.hint === undefined ? [] : [c.dim(`       ${error.hint}`)]),
    ...changes.map((change) => `  yaml ${changeText(change)}`),
    ...notes.map((note) => `       ${note}`),
    '',
  ];
}

function changeText({ line, was, is }: YamlChange): string {
  if (was === undefined) return `${line}: new: ${is}`;
  return is === undefined ? `${line}: gone: ${was}` : `${line}: ${was} → ${is}`;
}

const yaml = (line: YamlLine | undefined, c: Colors) =>
  line ? `\n       ${c.dim(`${formatPosition(line.position)}  ${line.text}`)}` : '';

function nameOf({ suiteName, title, round, retry }: ReplayedCaseResult): string {
  const again = retry > 0 ? `, retry ${retry}` : '';
  return `${suiteName} › ${title}${round > 1 || again !== '' ? ` (round ${round}${again})` : ''}`;
}

function paint(verdict: Verdict, c: Colors): string {
  return verdict === 'passed' ? c.green(verdict) : verdict === 'failed' ? c.red(verdict) : c.yellow(verdict);
}

const badge = (verdict: Verdict, c: Colors) => paint(verdict, c).replace(verdict, verdict.toUpperCase());
