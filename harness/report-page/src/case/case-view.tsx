// One case on one time axis: everything that was done, seen and said, with the recording beside it.

import { useEffect, useState } from 'preact/hooks';
import type { CaseMarks, CaseSummary, PageData, SuiteData, TimelineMarks } from '../../../src/report/html/page-data.ts';
import { readJson } from '../data/chunks.ts';
import { StoryBody } from '../overview/story-card.tsx';
import { Command } from '../shared/copy-button.tsx';
import { caseHref, type Route } from '../shared/route.ts';
import { clock, duration, GLYPH, VerdictMark } from '../shared/words.tsx';
import { CaseBody, type Loaded } from './case-body.tsx';
import { TimeAxis } from './time-axis.ts';

export function CaseView({
  page,
  suite,
  found,
  route,
}: {
  page: PageData;
  suite: SuiteData;
  found: CaseSummary;
  route: Route;
}) {
  const attempt = found.attempts[route.attempt] ?? found.attempts[0];
  const head = page.timelines[attempt?.timeline ?? -1];
  const [loaded, setLoaded] = useState<Loaded | string>();
  useEffect(() => {
    if (!head) {
      setLoaded(
        attempt
          ? `The timeline of this attempt is not part of the page; it lies in ${attempt.folder}.`
          : 'It was not run.',
      );
      return;
    }
    void readJson<TimelineMarks>(head.marks).then((marks) => {
      const kase = marks.cases.find((each) => each.case === found.case);
      setLoaded(
        kase
          ? { marks, kase, axis: axisOf(marks, kase) }
          : 'Nothing of this case is on the timeline: it did not begin.',
      );
    });
  }, [head, attempt, found]);
  return (
    <div class="case">
      <header class="case-head">
        <h1>
          <VerdictMark verdict={found.verdict} withWord /> {found.title}
        </h1>
        <p class="muted">
          {found.priority} · {duration(Math.round(found.elapsedMs))} · {found.at}
          {found.tags.length > 0 ? ` · ${found.tags.join(', ')}` : ''}
        </p>
        {found.attempts.length > 1 ? <Attempts suite={suite} found={found} chosen={route.attempt} /> : null}
      </header>
      {found.story && attempt?.verdict === found.verdict ? (
        <details class={`story story-${found.verdict}`}>
          <summary>
            <b>What went wrong:</b> {found.story.promised} — <span class="seen-short">{found.story.seen}</span>
            {found.story.when ? <span class="muted"> at {clock(found.story.when.inCaseMs)}</span> : null}
          </summary>
          <StoryBody story={found.story} rerun={found.rerun} />
        </details>
      ) : (
        <details class="rerun">
          <summary>Run just this again</summary>
          <Command text={found.rerun} label="command that runs this case again" />
        </details>
      )}
      {loaded === undefined ? (
        <p role="status">Reading the timeline …</p>
      ) : typeof loaded === 'string' ? (
        <p class="problem">{loaded}</p>
      ) : (
        <CaseBody loaded={loaded} found={found} atMs={route.atMs} />
      )}
    </div>
  );
}

/** From a little before the case to a little after it: the first case of a suite begins with its environment. */
function axisOf(marks: TimelineMarks, kase: CaseMarks): TimeAxis {
  const isFirst = marks.cases[0] === kase;
  const zeroMs = kase.steps[0]?.fromMs ?? kase.fromMs;
  const fromMs = isFirst ? 0 : Math.max(0, kase.fromMs - 1_000);
  return new TimeAxis(fromMs, Math.min(marks.endMs, kase.toMs + 1_000), zeroMs);
}

function Attempts({ suite, found, chosen }: { suite: SuiteData; found: CaseSummary; chosen: number }) {
  return (
    <nav aria-label="Attempts" class="attempts">
      {found.attempts.map((each, index) => (
        <a
          key={`${each.round}.${each.retry}`}
          class={`attempt attempt-${each.verdict}`}
          href={caseHref(suite.suite, found.case, { attempt: index })}
          aria-current={index === chosen ? 'true' : undefined}
          title={`${each.verdict}${each.error ? `: ${each.error.message}` : ''}`}
        >
          {GLYPH[each.verdict]} {each.round}
          {each.retry > 0 ? `.${each.retry}` : ''}
        </a>
      ))}
    </nav>
  );
}
