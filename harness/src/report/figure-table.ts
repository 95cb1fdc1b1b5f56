// The figures that cases measured, each with what it was held against, as a table.

import Table from 'cli-table3';
import pc from 'picocolors';
import type { RunResult } from '../model/results.ts';
import type { Verdict } from '../model/verdict.ts';
import type { TextStyle } from './failure-text.ts';

/** A narrower terminal has no room for three columns: it gets a list. */
const MIN_WIDTH = 80;
const MAX_WIDTH = 150;
/** Of what the name column leaves: how wide the value is; the rest is for the promise. */
const VALUE_SHARE = 0.55;

/** Empty when nothing was measured. */
export function renderFigureTable(run: RunResult, { color, columns, chars }: TextStyle): string {
  const c = pc.createColors(color);
  const measured = run.suites.flatMap((suite) =>
    suite.cases.filter(({ figures }) => figures.length > 0).map((result) => ({ suite, result })),
  );
  if (measured.length === 0) return '';
  const markOf = (verdict: Verdict) =>
    verdict === 'passed' ? c.green(chars.passed) : verdict === 'failed' ? c.red(chars.failed) : c.yellow(chars.unclear);
  if (columns < MIN_WIDTH) {
    return measured
      .flatMap(({ suite, result }) => [
        c.bold(chars.text(`${suite.name} › ${result.title}`)),
        ...result.figures.map(({ name, value, verdict }) => `  ${markOf(verdict)} ${chars.text(`${name}: ${value}`)}`),
      ])
      .join('\n');
  }
  const width = Math.min(MAX_WIDTH, columns);
  const names = measured.flatMap(({ result }) => result.figures.map(({ name }) => chars.text(name).length));
  const nameWidth = Math.min(Math.floor(width * 0.35), Math.max(...names) + 4);
  const valueWidth = Math.floor((width - nameWidth - 4) * VALUE_SHARE);
  const table = new Table({
    head: ['measured', 'value', 'promised'],
    colWidths: [nameWidth, valueWidth, width - nameWidth - 4 - valueWidth],
    wordWrap: true,
    style: color ? { head: ['cyan'], compact: true } : { head: [], border: [], compact: true },
  });
  for (const { suite, result } of measured) {
    table.push([{ colSpan: 3, content: c.bold(chars.text(`${suite.name} › ${result.title}`)) }]);
    for (const { name, value, promised = '', verdict } of result.figures) {
      table.push([`${markOf(verdict)} ${chars.text(name)}`, chars.text(value), chars.text(promised)]);
    }
  }
  return table.toString();
}
