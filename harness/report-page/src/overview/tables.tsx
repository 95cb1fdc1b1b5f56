// The smaller tables of the overview: slowest, flaky, where it ran, how to run one case again.

import type { PageData } from '../../../src/report/html/page-data.ts';
import { Command } from '../shared/copy-button.tsx';
import { caseHref } from '../shared/route.ts';
import { count, duration, VerdictMark } from '../shared/words.tsx';

const SLOWEST = 8;

const allCases = ({ suites }: PageData) => suites.flatMap((suite) => suite.cases.map((found) => ({ suite, found })));

export function SlowestCases({ page }: { page: PageData }) {
  const slowest = allCases(page)
    .filter(({ found }) => found.verdict !== 'skipped')
    .sort((a, b) => b.found.elapsedMs - a.found.elapsedMs)
    .slice(0, SLOWEST);
  const longest = slowest[0]?.found.elapsedMs ?? 1;
  return (
    <ol class="bars">
      {slowest.map(({ suite, found }) => (
        <li key={`${suite.suite}/${found.case}`}>
          <a href={caseHref(suite.suite, found.case)}>
            <span class="muted">{suite.name} ›</span> {found.title}
          </a>
          <span class="bar-track">
            <span class="bar-fill" style={{ width: `${(found.elapsedMs / longest) * 100}%` }} />
          </span>
          <span class="number">{duration(Math.round(found.elapsedMs / 100) * 100)}</span>
        </li>
      ))}
    </ol>
  );
}

export function FlakyCases({ page }: { page: PageData }) {
  const flaky = allCases(page).filter(({ found }) => found.isFlaky);
  const { repeat } = page.run;
  const tried = repeat
    ? `${count(repeat.rounds, 'round')}, ${repeat.retry === 0 ? 'no retries' : `up to ${count(repeat.retry, 'retry', 'retries')}`}`
    : 'every case ran once; --repeat shows more';
  return (
    <>
      <p>
        <b>{flaky.length} flaky</b> <span class="muted">({tried})</span>
      </p>
      <ul class="plain">
        {flaky.map(({ suite, found }) => (
          <li key={`${suite.suite}/${found.case}`}>
            <VerdictMark verdict={found.verdict} />{' '}
            <a href={caseHref(suite.suite, found.case)}>
              {suite.name} › {found.title}
            </a>{' '}
            <span class="muted">
              passed {found.attempts.filter(({ verdict }) => verdict === 'passed').length} of {found.attempts.length}{' '}
              times
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

export function RunFactsTable({ page: { run } }: { page: PageData }) {
  const rows: [string, string][] = [...run.about, ['command', run.command]];
  return (
    <table class="facts">
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{name === 'command' ? <code>{value}</code> : value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Reproduce({ page }: { page: PageData }) {
  return (
    <details class="reproduce">
      <summary>The exact command for each of the {count(allCases(page).length, 'case')}</summary>
      <ul class="plain">
        {allCases(page).map(({ suite, found }) => (
          <li key={`${suite.suite}/${found.case}`}>
            <VerdictMark verdict={found.verdict} />{' '}
            <span>
              <span class="muted">{suite.name} ›</span> {found.title}
            </span>
            <Command text={found.rerun} label={`command that runs ${found.title} again`} />
          </li>
        ))}
      </ul>
    </details>
  );
}
