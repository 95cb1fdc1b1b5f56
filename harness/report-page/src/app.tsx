// The frame around all views: what run this is, where one is in it, light or dark.

import { useEffect, useErrorBoundary, useState } from 'preact/hooks';
import type { PageData } from '../../src/report/html/page-data.ts';
import { CaseView } from './case/case-view.tsx';
import { Overview } from './overview/overview.tsx';
import { type Route, readRoute, suiteHref } from './shared/route.ts';
import { isDark, onTheme, toggleTheme } from './shared/theme.ts';
import { VerdictMark } from './shared/words.tsx';
import { SuiteView } from './suite/suite-view.tsx';

export function App({ page }: { page: PageData }) {
  const [route, setRoute] = useState(readRoute());
  const [, setTheme] = useState(isDark());
  const [error] = useErrorBoundary();
  useEffect(() => {
    const changed = () => {
      const next = readRoute();
      setRoute((before) => {
        if (before.key !== next.key) scrollTo(0, 0);
        return next;
      });
    };
    addEventListener('hashchange', changed);
    const stop = onTheme(() => setTheme(isDark()));
    return () => {
      removeEventListener('hashchange', changed);
      stop();
    };
  }, []);
  const { run } = page;
  return (
    <>
      <button type="button" class="skip-link" onClick={focusMain}>
        Skip to the content
      </button>
      <header class="top">
        <a class="brand" href="#/" aria-label="Testcard: overview of the run">
          <Bars />
          <span>Testcard</span>
        </a>
        <Crumbs page={page} route={route} />
        <span class="run-id">{run.run}</span>
        <button
          type="button"
          class="quiet"
          onClick={toggleTheme}
          aria-label={isDark() ? 'Use light colours' : 'Use dark colours'}
        >
          <span aria-hidden="true">{isDark() ? '☀' : '☾'}</span>
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        {error ? <p class="problem">This view cannot be drawn: {String(error)}</p> : <View page={page} route={route} />}
      </main>
    </>
  );
}

function View({ page, route }: { page: PageData; route: Route }) {
  const suite = page.suites.find(({ suite: id }) => id === route.suite);
  const found = suite?.cases.find(({ case: id }) => id === route.case);
  if (route.view === 'case' && suite && found) {
    return <CaseView key={route.key} page={page} suite={suite} found={found} route={route} />;
  }
  if (route.view === 'suite' && suite) return <SuiteView key={route.key} page={page} suite={suite} />;
  return <Overview page={page} />;
}

function Crumbs({ page, route }: { page: PageData; route: Route }) {
  const suite = page.suites.find(({ suite: id }) => id === route.suite);
  const found = suite?.cases.find(({ case: id }) => id === route.case);
  return (
    <nav aria-label="Where you are" class="crumbs">
      <a href="#/" aria-current={suite ? undefined : 'page'}>
        Overview
      </a>
      {suite ? (
        <>
          <span aria-hidden="true">›</span>
          <a href={suiteHref(suite.suite)} aria-current={found ? undefined : 'page'}>
            {suite.name}
          </a>
        </>
      ) : null}
      {found ? (
        <>
          <span aria-hidden="true">›</span>
          <span aria-current="page" class="crumb-case">
            <VerdictMark verdict={found.verdict} /> {found.title}
          </span>
        </>
      ) : null}
    </nav>
  );
}

/** The bars of a test card. */
function Bars() {
  const colors = ['#c8c8c8', '#c8c800', '#00c8c8', '#00c800', '#c800c8', '#c80000', '#0000c8'];
  return (
    <svg width="28" height="20" viewBox="0 0 28 20" aria-hidden="true">
      {colors.map((color, index) => (
        <rect key={color} x={index * 4} y="0" width="4" height="20" fill={color} />
      ))}
    </svg>
  );
}

function focusMain(): void {
  document.getElementById('main')?.focus();
}
