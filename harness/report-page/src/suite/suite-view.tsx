// A suite as it was written, with what each line came to in the margin.

import { useEffect, useState } from 'preact/hooks';
import type { PageData, SuiteData, TimelineMarks } from '../../../src/report/html/page-data.ts';
import { readJson } from '../data/chunks.ts';
import { caseHref } from '../shared/route.ts';
import { count, duration, VerdictMark } from '../shared/words.tsx';
import { lineVerdicts } from './line-verdicts.ts';
import { YamlLines } from './yaml-lines.tsx';

export function SuiteView({ page, suite }: { page: PageData; suite: SuiteData }) {
  const [marks, setMarks] = useState<TimelineMarks>();
  const index = page.timelines.findIndex((each) => each.suite === suite.suite);
  useEffect(() => {
    const head = page.timelines[index];
    if (head) void readJson<TimelineMarks>(head.marks).then(setMarks);
  }, [page, index]);
  return (
    <div class="suite">
      <h1>
        <VerdictMark verdict={suite.verdict} withWord /> {suite.name}
      </h1>
      <p class="muted">
        {suite.file} · {count(suite.cases.length, 'case')} · {duration(suite.elapsedMs)}
        {marks ? ` · ${marks.runtime} runtime · ${marks.compose}` : ''}
      </p>
      <ul class="suite-cases">
        {suite.cases.map((found) => (
          <li key={found.case}>
            <VerdictMark verdict={found.verdict} /> <a href={caseHref(suite.suite, found.case)}>{found.title}</a>
            <span class="muted">
              {' '}
              {found.priority} · {found.verdict === 'skipped' ? (found.reason ?? 'skipped') : duration(found.elapsedMs)}
            </span>
            {found.error ? <div class="suite-error">{found.error.message}</div> : null}
          </li>
        ))}
      </ul>
      {marks ? (
        <Sources marks={marks} suite={suite} />
      ) : (
        <p role="status">{index < 0 ? 'Its timeline was not stored.' : 'Reading …'}</p>
      )}
    </div>
  );
}

function Sources({ marks, suite }: { marks: TimelineMarks; suite: SuiteData }) {
  if (marks.sources.length === 0) return <p class="muted">The text of the suite was not stored with this run.</p>;
  return (
    <>
      {marks.sources.map(({ file, text, isStored }) => {
        const verdicts = lineVerdicts(marks.cases, file);
        return (
          <section key={file}>
            <h2>
              {file}
              {isStored ? null : <span class="muted"> (as the file is today, not as it ran)</span>}
            </h2>
            <YamlLines
              label={`${file}, with verdicts`}
              lines={text.split('\n').map((line, index) => {
                const found = verdicts.get(index + 1);
                return {
                  number: index + 1,
                  text: line,
                  verdict: found?.verdict,
                  note: found?.note,
                  onChoose: found
                    ? () => {
                        location.hash = caseHref(suite.suite, found.case, { atMs: found.atMs });
                      }
                    : undefined,
                };
              })}
            />
          </section>
        );
      })}
    </>
  );
}
