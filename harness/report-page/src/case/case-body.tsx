// The timeline of a case with what is read off it beside, and the lists below.

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { CaseMarks, CaseSummary, CheckMark, TimelineMarks } from '../../../src/report/html/page-data.ts';
import { type LogLines, readLog } from '../data/log-lines.ts';
import { CaseTabs } from './case-tabs.tsx';
import { lanesOf } from './lanes/lanes-of.ts';
import { LogList } from './log-list.tsx';
import { type Choice, choicesOf, type MetricChart, makeChart, namedChoices } from './metric-charts.ts';
import { NowPanel, type Reader } from './now-panel.tsx';
import { offsetChart } from './offset-chart.ts';
import { RecordingPlayer } from './recording-player.tsx';
import type { TimeAxis } from './time-axis.ts';
import { Timeline } from './timeline.tsx';

export interface Loaded {
  marks: TimelineMarks;
  kase: CaseMarks;
  axis: TimeAxis;
}

export function CaseBody({
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
        <CaseTabs marks={marks} kase={kase} found={found} check={check} onChoose={choose} lanes={lanes} axis={axis} />
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
