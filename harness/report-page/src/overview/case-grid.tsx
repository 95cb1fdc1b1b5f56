// Suites by cases: one row a suite, one tile a case, each leading to its timeline.

import type { PageData } from '../../../src/report/html/page-data.ts';
import { caseHref, suiteHref } from '../shared/route.ts';
import { count, duration, VerdictMark } from '../shared/words.tsx';

export function CaseGrid({ page }: { page: PageData }) {
  return (
    <ul class="grid">
      {page.suites.map((suite) => (
        <li key={suite.suite} class="grid-row">
          <div class="grid-suite">
            <VerdictMark verdict={suite.verdict} />{' '}
            <a href={suiteHref(suite.suite)}>
              <b>{suite.name}</b>
            </a>
            <div class="muted">
              {count(suite.cases.length, 'case')} · {duration(suite.elapsedMs)}
              {suite.readyAfterMs === undefined ? '' : ` · ready in ${duration(suite.readyAfterMs)}`}
            </div>
          </div>
          <ul class="tiles">
            {suite.cases.map((found) => (
              <li key={found.case}>
                <a class={`tile tile-${found.verdict}`} href={caseHref(suite.suite, found.case)}>
                  <VerdictMark verdict={found.verdict} />
                  <span class="tile-title">{found.title}</span>
                  <span class="tile-facts">
                    {found.priority} ·{' '}
                    {found.verdict === 'skipped' ? (found.reason ?? 'skipped') : duration(found.elapsedMs)}
                    {found.attempts.length > 1
                      ? ` · ${found.attempts.filter(({ verdict }) => verdict === 'passed').length} of ${found.attempts.length} passed`
                      : ''}
                    {found.isFlaky ? ' · flaky' : ''}
                    {found.standing ? (found.standing.blocks ? ' · blocks' : ' · does not block') : ''}
                  </span>
                </a>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}
