// The kill matrix as a Markdown table: mutant × suite × check.

import type { TrialOutcome } from './run-trial.ts';
import { isWanted } from './verdict.ts';

const MAX_CELL = 160;

export function renderKillMatrix(outcomes: readonly TrialOutcome[]): string {
  const head = ['mutant', 'defect', 'suite · case', 'verdict', 'what failed', 's'];
  const body = outcomes.map(({ trial, verdict, broken, seconds }) => [
    trial.name,
    trial.defect,
    [trial.against.suite, trial.against.case].filter((part) => part !== undefined).join(' · '),
    isWanted(verdict) ? verdict : verdict.toUpperCase(),
    broken.map(cell).join('<br>') || '·',
    seconds.toFixed(0),
  ]);
  const line = (cells: string[]): string => `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

/** One line for the end of a run: what it came to. */
export function renderTally(outcomes: readonly TrialOutcome[]): string {
  const count = (verdict: string): number => outcomes.filter((outcome) => outcome.verdict === verdict).length;
  const mutants = outcomes.filter(({ trial }) => 'killedBy' in trial).length;
  const alarms = count('false alarm');
  return [
    `mutants: ${count('killed')} of ${mutants} killed by the right check`,
    ...['killed by another', 'survived'].flatMap((verdict) =>
      count(verdict) > 0 ? `${count(verdict)} ${verdict}` : [],
    ),
    ...(count('inconclusive') > 0 ? [`${count('inconclusive')} inconclusive`] : []),
    `${alarms} false alarm${alarms === 1 ? '' : 's'} in ${outcomes.length - mutants} runs of the true pipeline`,
  ].join(', ');
}

/** The promise without what was seen, and short. */
function cell(broken: string): string {
  const text = broken.replace(/\s+/g, ' ').replace(/^[^:]*: /, '');
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text;
}
