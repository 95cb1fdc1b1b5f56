// One case on one time axis: everything that was done, seen and said, with the recording beside it.

import { useEffect, useMemo, useState } from 'preact/hooks';
import type {
  CaseMarks,
  CaseSummary,
  CheckMark,
  PageData,
  SuiteData,
  TimelineMarks,
} from '../../../src/report/html/page-data.ts';
import { readJson } from '../data/chunks.ts';
import { type LogLines, readLog } from '../data/log-lines.ts';
import { StoryBody } from '../overview/story-card.tsx';
import { Command } from '../shared/copy-button.tsx';
import { caseHref, type Route } from '../shared/route.ts';
import { clock, duration, GLYPH, VerdictMark } from '../shared/words.tsx';
import { lineVerdicts } from '../suite/line-verdicts.ts';
import { YamlLines } from '../suite/yaml-lines.tsx';
import { ChecksList } from './checks-list.tsx';
import { EventsList } from './events-list.tsx';
import { lanesOf } from './lanes/lanes-of.ts';
import { LogList } from './log-list.tsx';
import { type Choice, choicesOf, type MetricChart, makeChart, namedChoices } from './metric-charts.ts';
import { NowPanel, type Reader } from './now-panel.tsx';
import { offsetChart } from './offset-chart.ts';
import { RecordingPlayer } from './recording-player.tsx';
import { TimeAxis } from './time-axis.ts';
import { Timeline } from './timeline.tsx';

interface Loaded {
  marks: TimelineMarks;
  kase: CaseMarks;
  axis: TimeAxis;
}

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

function CaseBody({
  loaded: { marks, kase, axis },
  found,
  atMs,
}: {
  loaded: Loaded;
  found: CaseSummary;
  atMs: number | undefined;
}) {
  const [log, setLog] = useState<LogLines>();
  const [charts, setCharts] = useState<MetricChart[]>([]);
  const broken = useMemo(() => kase.checks.filter(({ verdict }) => verdict !== 'passed'), [kase]);
  const [check, setCheck] = useState<CheckMark | undefined>(broken[0]);
  useEffect(() => {
    if (marks.log) void readLog(marks.log).then(setLog);
    void Promise.all(namedChoices(kase).map((choice) => makeChart(choice, marks, kase))).then((made) =>
      setCharts(made.filter((chart) => chart !== undefined)),
    );
  }, [marks, kase]);
  useEffect(() => {
    const moment = atMs ?? (broken[0] ? broken[0].atMs : undefined);
    if (moment !== undefined) axis.seek(moment);
  }, [axis, atMs, broken]);

  const choose = (next: CheckMark) => {
    setCheck(next);
    goTo(axis, next.atMs);
  };
  const lanes = useMemo(() => lanesOf(marks, kase, axis, log, choose), [marks, kase, axis, log]);
  const offsets = useMemo(() => kase.recordings.flatMap((recording) => offsetChart(recording, kase) ?? []), [kase]);
  const brokenMs = useMemo(() => [...new Set(broken.map((each) => each.atMs))], [broken]);
  const toggle = (choice: Choice) => {
    if (charts.some(({ id }) => id === choice.id)) setCharts(charts.filter(({ id }) => id !== choice.id));
    else void makeChart(choice, marks, kase).then((chart) => chart && setCharts((before) => [...before, chart]));
  };
  const readers: Reader[] = [...lanes, ...offsets, ...charts].map(({ label, read }) => ({ label, read }));
  return (
    <>
      <div class="stage">
        <Timeline
          axis={axis}
          kase={kase}
          lanes={lanes}
          offsets={offsets}
          charts={charts}
          brokenMs={brokenMs}
          choices={choicesOf(marks)}
          onToggle={toggle}
        />
        <aside class="beside" aria-label="At the instant">
          <RecordingPlayer recordings={kase.recordings} axis={axis} />
          <NowPanel axis={axis} readers={readers} />
        </aside>
      </div>
      <div class="below">
        {log ? (
          <LogList log={log} axis={axis} />
        ) : (
          <p class="muted">{marks.log ? 'Reading the logs …' : 'No line was logged.'}</p>
        )}
        <Tabs marks={marks} kase={kase} found={found} check={check} onChoose={choose} lanes={lanes} axis={axis} />
      </div>
    </>
  );
}

/** Looks at the two seconds on either side of an instant, and holds it. */
function goTo(axis: TimeAxis, atMs: number): void {
  const half = Math.min(4_000, axis.spanMs / 2);
  axis.look(atMs - half, atMs + half);
  axis.seek(atMs);
}

type TabsProps = {
  marks: TimelineMarks;
  kase: CaseMarks;
  found: CaseSummary;
  check: CheckMark | undefined;
  onChoose(check: CheckMark): void;
  lanes: ReturnType<typeof lanesOf>;
  axis: TimeAxis;
};

const TABS = ['Checks', 'YAML', 'Figures', 'Everything'] as const;

function Tabs(props: TabsProps) {
  const [tab, setTab] = useState<(typeof TABS)[number]>('Checks');
  const { kase, check } = props;
  return (
    <section class="tabs" aria-label="Details">
      <div role="tablist" aria-label="Details" class="tablist">
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={name === tab}
            aria-controls="tab-panel"
            tabIndex={name === tab ? 0 : -1}
            onClick={() => setTab(name)}
            onKeyDown={(event) => {
              const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
              if (step === 0) return;
              const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length] ?? tab;
              setTab(next);
              document.getElementById(`tab-${next}`)?.focus();
            }}
          >
            {name}
            {name === 'Checks' ? ` (${kase.checks.length})` : ''}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`} tabIndex={0} class="tab-panel">
        {tab === 'Checks' ? (
          <ChecksList
            checks={kase.checks}
            chosen={check}
            zeroMs={props.axis.zeroMs}
            onChoose={props.onChoose}
            yaml={<YamlOfCase {...props} isShort />}
          />
        ) : tab === 'YAML' ? (
          <YamlOfCase {...props} />
        ) : tab === 'Figures' ? (
          <Figures found={props.found} kase={kase} zeroMs={props.axis.zeroMs} />
        ) : (
          <EventsList lanes={props.lanes} axis={props.axis} />
        )}
      </div>
    </section>
  );
}

const CONTEXT_LINES = 6;

/** The suite's text with verdicts in the margin; the chosen check's line marked and in sight. */
function YamlOfCase({ marks, kase, check, onChoose, isShort = false }: TabsProps & { isShort?: boolean }) {
  const file = check?.file ?? kase.file;
  const source = marks.sources.find((each) => each.file === file);
  const verdicts = useMemo(() => lineVerdicts([kase], file), [kase, file]);
  useEffect(() => {
    const line = check?.line ?? kase.line;
    const element = document.querySelector<HTMLElement>(`#case-yaml [data-line="${line}"]`);
    const box = element?.closest<HTMLElement>('.yaml');
    if (element && box) box.scrollTop = element.offsetTop - box.clientHeight / 3;
  }, [check, kase, isShort]);
  if (!source) return <p class="muted">The text of {file} was not stored with this run.</p>;
  const all = source.text.split('\n').map((text, index) => {
    const number = index + 1;
    const own = verdicts.get(number);
    const judged = kase.checks.findLast((each) => each.line === number && each.file === file);
    return {
      number,
      text,
      isMarked: number === check?.line,
      verdict: own?.verdict,
      note: own?.note,
      onChoose: judged ? () => onChoose(judged) : undefined,
    };
  });
  const lines =
    isShort && check ? all.slice(Math.max(0, check.line - 1 - CONTEXT_LINES), check.line + CONTEXT_LINES) : all;
  return (
    <figure class="case-yaml">
      <figcaption>
        {file}
        {check ? `:${check.line}` : ''}
        {source.isStored ? '' : ' (as the file is today, not as it ran)'}
      </figcaption>
      <YamlLines id="case-yaml" label={`${file}, with verdicts`} lines={lines} />
    </figure>
  );
}

function Figures({ found, kase, zeroMs }: { found: CaseSummary; kase: CaseMarks; zeroMs: number }) {
  return (
    <>
      {found.figures.length === 0 ? (
        <p class="muted">Nothing was measured in this case.</p>
      ) : (
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">measured</th>
              <th scope="col">value</th>
              <th scope="col">promised</th>
            </tr>
          </thead>
          <tbody>
            {found.figures.map(({ name, value, promised, verdict }, index) => (
              <tr key={index}>
                <td>
                  <VerdictMark verdict={verdict} /> {name}
                </td>
                <td>{value}</td>
                <td class="muted">{promised}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {kase.recoveries.length > 0 ? (
        <>
          <h3>Recoveries</h3>
          <ul class="plain">
            {kase.recoveries.map(({ atMs, after, check, recoveryMs, promisedMs }) => (
              <li key={`${atMs}${check}`}>
                <b>{duration(Math.round(recoveryMs))}</b> after {after}, at {clock(atMs - zeroMs)}: {check}
                {promisedMs === undefined ? '' : ` (promised within ${duration(promisedMs)})`}
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {found.story ? (
        <>
          <h3>Evidence</h3>
          <ul class="plain">
            {found.story.evidence.map(({ what, name, path }) => (
              <li key={path}>
                <a href={path}>{name}</a> <span class="muted">{what}</span>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </>
  );
}
