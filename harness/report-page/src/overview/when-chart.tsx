// How the run went: suites one below the other, their cases as bars on the clock of the run.

import type { PageData, TimelineHead } from '../../../src/report/html/page-data.ts';
import { caseHref } from '../shared/route.ts';
import { duration, GLYPH } from '../shared/words.tsx';

export function WhenChart({ page }: { page: PageData }) {
  const { timelines, suites } = page;
  if (timelines.length === 0) return <p class="muted">No timeline was stored.</p>;
  const beginMs = Math.min(...timelines.map(({ originAtMs }) => originAtMs));
  const endMs = Math.max(...timelines.map((each) => each.originAtMs + each.endMs));
  const span = Math.max(1, endMs - beginMs);
  const percent = (atMs: number) => ((atMs - beginMs) / span) * 100;
  return (
    <div class="when">
      {timelines.map((timeline) => {
        const suite = suites.find((each) => each.suite === timeline.suite);
        return (
          <div class="when-row" key={`${timeline.suite}${timeline.round}.${timeline.retry}`}>
            <span class="when-name">
              {suite?.name ?? timeline.suite}
              {roundOf(timeline)}
            </span>
            <div class="when-bars">
              <span
                class="when-suite"
                style={{ left: `${percent(timeline.originAtMs)}%`, width: `${(timeline.endMs / span) * 100}%` }}
              />
              {timeline.cases.map(({ case: id, fromMs, toMs, verdict }) => {
                const found = suite?.cases.find((each) => each.case === id);
                const attempt = found?.attempts.findIndex(
                  (each) => each.round === timeline.round && each.retry === timeline.retry,
                );
                return (
                  <a
                    key={id}
                    class={`when-case when-${verdict}`}
                    href={caseHref(timeline.suite, id, { attempt: Math.max(0, attempt ?? 0) })}
                    style={{
                      left: `${percent(timeline.originAtMs + fromMs)}%`,
                      width: `max(14px, ${((toMs - fromMs) / span) * 100}%)`,
                    }}
                    title={`${found?.title ?? id}: ${verdict}, ${duration(toMs - fromMs)}`}
                  >
                    <span aria-hidden="true">{GLYPH[verdict]}</span> {found?.title ?? id}
                    <span class="unseen">
                      : {verdict}, {duration(toMs - fromMs)}
                    </span>
                  </a>
                );
              })}
            </div>
          </div>
        );
      })}
      <div class="when-row" aria-hidden="true">
        <span class="when-name" />
        <div class="when-scale">
          {[0, 0.25, 0.5, 0.75, 1].map((share) => (
            <span key={share} style={{ left: `${share * 100}%` }}>
              {duration(Math.round((share * span) / 1_000) * 1_000)}
            </span>
          ))}
        </div>
      </div>
    </div>
  );
}

const roundOf = ({ round, retry }: TimelineHead) =>
  `${round > 1 ? ` · round ${round}` : ''}${retry > 0 ? ` · retry ${retry}` : ''}`;
