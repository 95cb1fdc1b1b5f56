// How often each case passed, where cases ran more than once: shares with their bounds, what went wrong each way, every retry.

import Table from 'cli-table3';
import pc from 'picocolors';
import { formatDurationMs } from '../base/duration.ts';
import { wilsonBounds } from '../base/wilson-bounds.ts';
import type { Attempt, CaseResult, RunResult, SuiteResult } from '../model/results.ts';
import { finalAttempts, isFlaky } from '../model/rounds.ts';

/** Ways of going wrong that are shown of one case; results.json has all. */
const MAX_WAYS = 5;
/** Width of the columns beside the name, and of what is put around it. */
const OTHER_COLUMNS = 92;
const MIN_NAME = 30;
const HEAD = ['case', 'passed', 'failed', 'inconclusive', 'share (95 % bounds)', 'median', 'max'];

/** Empty when no case could run more than once. */
export function renderFlakeTable(run: RunResult, color: boolean, columns = 120): string {
  const rows = run.suites.flatMap((suite) =>
    suite.cases.flatMap((result) => (result.attempts ? [{ suite, result, attempts: result.attempts }] : [])),
  );
  if (!run.repeat || rows.length === 0) return '';
  const c = pc.createColors(color);
  const table = new Table({
    head: HEAD,
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: color ? { head: ['cyan'], compact: true } : { head: [], border: [], compact: true },
  });
  for (const { suite, result, attempts } of rows) {
    const rounds = finalAttempts(attempts);
    const count = (verdict: string) => rounds.filter((attempt) => attempt.verdict === verdict).length;
    const times = attempts.map(({ elapsedMs }) => elapsedMs).toSorted((a, b) => a - b);
    table.push([
      nameOf(suite, result, Math.max(MIN_NAME, columns - OTHER_COLUMNS), c),
      `${count('passed')} of ${rounds.length}`,
      count('failed') || '',
      count('inconclusive') || '',
      shareText(count('passed'), rounds.length),
      seconds(median(times)),
      seconds(times.at(-1) ?? 0),
    ]);
    for (const line of detailLines(attempts)) table.push([{ colSpan: HEAD.length, content: c.dim(`  ${line}`) }]);
  }
  return `${table.toString()}\n${roundsLine(run.repeat)}`;
}

function nameOf(suite: SuiteResult, result: CaseResult, width: number, c: ReturnType<typeof pc.createColors>): string {
  const name = cut(`${suite.name} › ${result.title}`, width);
  const mark = result.verdict === 'passed' ? c.green('✓') : result.verdict === 'failed' ? c.red('✗') : c.yellow('?');
  return `${mark} ${name}${isFlaky(result) ? c.yellow(' · flaky') : ''}`;
}

function shareText(passed: number, rounds: number): string {
  const { low, high } = wilsonBounds(passed, rounds);
  return `${percent(passed / rounds)} (${percent(low)} to ${percent(high)})`;
}

/** One line a way of going wrong, with the first message of it; then every retry with what it changed. */
function detailLines(attempts: readonly Attempt[]): string[] {
  const ways = Map.groupBy(
    attempts.filter(({ verdict }) => verdict !== 'passed'),
    ({ verdict, error }) => `${verdict} ${error?.code ?? ''}`,
  );
  const lines = [...ways.values()].slice(0, MAX_WAYS).map((same) => {
    const [first] = same;
    const where = same.map(placeOf).join(', ');
    return `${first?.verdict} in ${where}: ${cut(first?.error?.message ?? 'no message', 200)}`;
  });
  if (ways.size > MAX_WAYS) lines.push(`and ${ways.size - MAX_WAYS} more ways`);
  const retried = [...Map.groupBy(attempts, ({ round }) => round).entries()].filter(([, same]) => same.length > 1);
  for (const [round, same] of retried) {
    lines.push(`tried again in round ${round}: ${same.map(({ verdict }) => verdict).join(' → ')}`);
  }
  return lines;
}

const placeOf = ({ round, retry }: Attempt) => `round ${round}${retry > 0 ? ` (retry ${retry})` : ''}`;

function roundsLine({ rounds, minPass, retry, roundsMs }: NonNullable<RunResult['repeat']>): string {
  const sorted = roundsMs.toSorted((a, b) => a - b);
  const done = roundsMs.length === rounds ? `${rounds} rounds` : `${roundsMs.length} of ${rounds} rounds`;
  const times =
    sorted.length > 0 ? ` · a round: median ${seconds(median(sorted))}, max ${seconds(sorted.at(-1) ?? 0)}` : '';
  const again = retry > 0 ? ` · up to ${retry} ${retry === 1 ? 'retry' : 'retries'} a case` : '';
  return `${done}${times} · a case must pass in ${percent(minPass)} of its rounds${again}`;
}

function median(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}

const seconds = (ms: number) => formatDurationMs(ms < 1_000 ? Math.round(ms) : Math.round(ms / 100) * 100);
const percent = (share: number) => `${Number((share * 100).toFixed(share > 0.995 && share < 1 ? 1 : 0))} %`;
const cut = (text: string, length: number) => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);
