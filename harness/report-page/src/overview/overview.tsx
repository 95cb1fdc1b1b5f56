// The first screen: what the run came to, what went wrong, every case at a glance, what was slow or flaky, where it ran.

import type { CaseSummary, PageData } from '../../../src/report/html/page-data.ts';
import { type AnyVerdict, count, duration, GLYPH, VerdictMark } from '../shared/words.tsx';
import { CaseGrid } from './case-grid.tsx';
import { StoryCard } from './story-card.tsx';
import { FlakyCases, Reproduce, RunFactsTable, SlowestCases } from './tables.tsx';
import { WhenChart } from './when-chart.tsx';

/** More than these are told when they are asked for. */
const OPEN_STORIES = 3;

/** What decides the run first, then what broke a promise. */
const weightOf = ({ standing, verdict }: CaseSummary) =>
  (standing?.blocks === false ? 0 : 2) + (verdict === 'inconclusive' ? 0 : 1);

export function Overview({ page }: { page: PageData }) {
  const { run, suites } = page;
  const notPassed = suites.flatMap((suite) =>
    suite.cases
      .filter(({ verdict, standing }) => verdict === 'failed' || verdict === 'inconclusive' || standing?.blocks)
      .map((found) => ({ suite, found })),
  );
  // Of what was not run there is nothing to tell.
  const broken = notPassed
    .filter(({ found }) => found.error?.kind !== 'interrupted')
    .sort((a, b) => weightOf(b.found) - weightOf(a.found));
  const notRun = notPassed.length - broken.length;
  const problems = [
    ...run.errors.map((error) => ({ of: 'run', error })),
    ...suites.flatMap(({ name, errors }) => errors.map((error) => ({ of: name, error }))),
  ];
  return (
    <div class="overview">
      <Hero page={page} />
      {broken.length > 0 ? (
        <section aria-labelledby="wrong">
          <h2 id="wrong">What went wrong</h2>
          {broken.map(({ suite, found }, index) => (
            <StoryCard
              key={`${suite.suite}/${found.case}`}
              page={page}
              suite={suite}
              found={found}
              isOpen={index < OPEN_STORIES}
            />
          ))}
        </section>
      ) : null}
      {notRun > 0 ? (
        <p class="problem">{count(notRun, 'case was', 'cases were')} interrupted, or not run any more.</p>
      ) : null}
      {problems.length > 0 || run.notes.length > 0 ? (
        <section aria-labelledby="problems">
          <h2 id="problems">Outside of cases</h2>
          <ul class="problems">
            {problems.map(({ of, error }) => (
              <li key={`${of}${error.message}`}>
                <VerdictMark verdict="inconclusive" /> <b>{of}</b>: {error.message}
                {error.hint ? <span class="muted"> · {error.hint}</span> : null}
              </li>
            ))}
            {run.notes.map((note) => (
              <li key={note} class="muted">
                {note}
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <section aria-labelledby="cases">
        <h2 id="cases">Every case</h2>
        <CaseGrid page={page} />
      </section>
      <section aria-labelledby="when">
        <h2 id="when">When they ran</h2>
        <WhenChart page={page} />
      </section>
      <div class="columns">
        <section aria-labelledby="slowest">
          <h2 id="slowest">Slowest</h2>
          <SlowestCases page={page} />
        </section>
        <section aria-labelledby="flaky">
          <h2 id="flaky">Flaky</h2>
          <FlakyCases page={page} />
          <h2 id="where">Where it ran</h2>
          <RunFactsTable page={page} />
        </section>
      </div>
      <section aria-labelledby="again">
        <h2 id="again">Run one case again</h2>
        <Reproduce page={page} />
      </section>
    </div>
  );
}

function Hero({ page }: { page: PageData }) {
  const { run, suites } = page;
  const cases = suites.flatMap((suite) => suite.cases);
  const of = (verdict: AnyVerdict) => cases.filter((each) => each.verdict === verdict).length;
  const flaky = cases.filter(({ isFlaky }) => isFlaky).length;
  const excused = cases.filter(({ standing }) => standing?.blocks === false).length;
  const priorities = ['P1', 'P2', 'P3'] as const;
  const words = {
    passed: excused > 0 ? 'Every promise that blocks was kept' : 'Every promise was kept',
    failed: 'A promise was broken',
    inconclusive: 'Testcard could not tell',
  }[run.verdict];
  return (
    <section class={`hero hero-${run.verdict}`} aria-labelledby="verdict">
      <div class="hero-verdict">
        <span class="hero-glyph" aria-hidden="true">
          {GLYPH[run.verdict]}
        </span>
        <div>
          <h1 id="verdict">
            {run.verdict.toUpperCase()} <span class="hero-words">{words}</span>
          </h1>
          <p class="hero-counts">
            <b>{of('passed')}</b> passed · <b class={of('failed') > 0 ? 'bad' : ''}>{of('failed')}</b> failed ·{' '}
            <b class={of('inconclusive') > 0 ? 'unsure' : ''}>{of('inconclusive')}</b> inconclusive
            {of('skipped') > 0 ? (
              <>
                {' '}
                · <b>{of('skipped')}</b> skipped
              </>
            ) : null}{' '}
            · <b>{flaky}</b> flaky
            {excused > 0 ? (
              <>
                {' '}
                · <b>{excused}</b> of them not blocking
              </>
            ) : null}
          </p>
          <p class="muted">
            {count(cases.length, 'case')} of {count(suites.length, 'suite')} in {duration(run.elapsedMs)}
            {run.startedAtMs > 0
              ? ` · ${new Date(run.startedAtMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
              : ''}{' '}
            · exit code {run.exitCode}
          </p>
        </div>
      </div>
      <table class="priorities">
        <caption class="unseen">Cases by priority and verdict</caption>
        <thead>
          <tr>
            <th scope="col">priority</th>
            <th scope="col">passed</th>
            <th scope="col">failed</th>
            <th scope="col">inconclusive</th>
            <th scope="col">skipped</th>
          </tr>
        </thead>
        <tbody>
          {priorities.map((priority) => {
            const own = cases.filter((each) => each.priority === priority);
            const number = (verdict: AnyVerdict) => own.filter((each) => each.verdict === verdict).length;
            return (
              <tr key={priority}>
                <th scope="row">{priority}</th>
                {(['passed', 'failed', 'inconclusive', 'skipped'] as const).map((verdict) => (
                  <td key={verdict} class={number(verdict) > 0 ? `number verdict-${verdict}` : 'number zero'}>
                    {number(verdict)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
