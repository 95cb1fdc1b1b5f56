// The lanes and charts of a case below one ruler, with what stands over all of them and the controls beside it.

import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
import type { CaseMarks } from '../../../src/report/html/page-data.ts';
import { clock } from '../shared/words.tsx';
import { listenToPointer } from './axis-pointer.ts';
import { ChartStrip } from './chart-strip.tsx';
import { type Lane, markAt } from './lane.ts';
import { LaneStrip } from './lane-strip.tsx';
import type { Choice, MetricChart } from './metric-charts.ts';
import { MetricPicker } from './metric-picker.tsx';
import { Minimap } from './minimap.tsx';
import type { OffsetChart } from './offset-chart.ts';
import { Overlay } from './overlay.tsx';
import { Ruler } from './ruler.tsx';
import type { TimeAxis } from './time-axis.ts';

const CHART_PX = 74;
const OFFSET_PX = 120;

export interface TimelineProps {
  axis: TimeAxis;
  kase: CaseMarks;
  lanes: Lane[];
  offsets: OffsetChart[];
  charts: MetricChart[];
  brokenMs: number[];
  choices: Choice[];
  onToggle(choice: Choice): void;
}

export function Timeline({ axis, kase, lanes, offsets, charts, brokenMs, choices, onToggle }: TimelineProps) {
  const box = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const range = useRef<HTMLSpanElement>(null);
  const byId = useMemo(() => new Map(lanes.map((lane) => [lane.id, lane])), [lanes]);
  const marked = useMemo(() => markedInstants(kase, lanes), [kase, lanes]);
  const say = useCallback(
    (atMs: number) =>
      lanes
        .map((lane) => lane.read(atMs))
        .filter((text) => text !== '')
        .slice(0, 4)
        .join('; '),
    [lanes],
  );
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const plot = () => element.querySelector<HTMLElement>('.lane-plot');
    const measure = () => axis.resize(Math.floor(plot()?.clientWidth ?? 0));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    const left = () => plot()?.offsetLeft ?? 0;
    const stop = listenToPointer(element, left, axis, {
      onClick(id, x, y) {
        const lane = byId.get(id);
        const mark = lane && markAt(lane, axis, x, y);
        mark?.onChoose?.();
        return mark?.onChoose !== undefined;
      },
      onPoint(id, x, y, event) {
        const lane = id === undefined ? undefined : byId.get(id);
        const mark = lane && markAt(lane, axis, x, y);
        element.classList.toggle('on-choice', mark?.onChoose !== undefined);
        showTip(
          tip.current,
          mark && `${mark.kind}: ${mark.title}`,
          mark?.more,
          mark && clock(mark.fromMs - axis.zeroMs),
          event,
        );
      },
    });
    const tell = () => {
      if (range.current)
        range.current.textContent = `${clock(axis.fromMs - axis.zeroMs)} to ${clock(axis.toMs - axis.zeroMs)}`;
    };
    tell();
    const stopAxis = axis.listen((changed) => changed.has('view') && tell());
    return () => {
      observer.disconnect();
      stop();
      stopAxis();
    };
  }, [axis, byId]);
  const shown = useMemo(() => new Set(charts.map(({ id }) => id)), [charts]);
  const logs = lanes.filter(({ id }) => id.startsWith('log-'));
  const others = lanes.filter(({ id }) => !id.startsWith('log-'));
  return (
    <section class="timeline" aria-label="Timeline">
      <div class="toolbar">
        <button type="button" onClick={() => axis.zoom(0.5)} aria-label="Look closer">
          +
        </button>
        <button type="button" onClick={() => axis.zoom(2)} aria-label="Look from further away">
          −
        </button>
        <button type="button" onClick={() => axis.fit()}>
          Whole case
        </button>
        <button type="button" onClick={() => jump(axis, marked, -1)} aria-label="To the mark before">
          ◂ mark
        </button>
        <button type="button" onClick={() => jump(axis, marked, 1)} aria-label="To the next mark">
          mark ▸
        </button>
        <span class="range muted" ref={range} />
        <MetricPicker choices={choices} shown={shown} onToggle={onToggle} />
        <details class="keys">
          <summary>Keys</summary>
          <p>
            On the ruler: <kbd>←</kbd> <kbd>→</kbd> move (with <kbd>Shift</kbd> further), <kbd>+</kbd> <kbd>−</kbd>{' '}
            zoom, <kbd>0</kbd> whole case, <kbd>n</kbd> <kbd>p</kbd> next and previous mark, <kbd>PgUp</kbd>{' '}
            <kbd>PgDn</kbd> pan. With the mouse: drag to pan, <kbd>Ctrl</kbd>+wheel to zoom, <kbd>Shift</kbd>+drag to
            zoom into a stretch, click to hold an instant.
          </p>
        </details>
      </div>
      <Minimap axis={axis} kase={kase} brokenMs={brokenMs} />
      <div class="lanes" ref={box}>
        <Ruler axis={axis} marked={marked} say={say} />
        {others.map((lane) => (
          <LaneStrip key={lane.id} lane={lane} axis={axis} />
        ))}
        {offsets.map(({ id, label, lines, limits, columns, read }) => (
          <ChartStrip
            key={id}
            id={id}
            label={label}
            height={OFFSET_PX}
            lines={lines}
            limits={limits}
            columns={columns}
            read={read}
            axis={axis}
          />
        ))}
        {charts.map(({ id, service, label, lines, limits, columns, read, readEach }) => (
          <ChartStrip
            key={id}
            id={`metric ${id}`}
            label={label}
            height={Math.max(CHART_PX, lines.length > 1 ? 36 + lines.length * 15 : 0)}
            lines={lines}
            limits={limits}
            columns={columns}
            read={read}
            readEach={readEach}
            axis={axis}
            onRemove={() => onToggle({ id, service, metric: label })}
          />
        ))}
        {logs.map((lane) => (
          <LaneStrip key={lane.id} lane={lane} axis={axis} />
        ))}
        <Overlay axis={axis} kase={kase} brokenMs={brokenMs} />
      </div>
      <div class="tip" ref={tip} hidden />
    </section>
  );
}

/** Instants worth stopping at: what did not hold, faults, services that went, warnings and errors. */
function markedInstants(kase: CaseMarks, lanes: Lane[]): number[] {
  const bad = lanes.flatMap(({ marks }) => marks.filter(({ isBad }) => isBad).map(({ fromMs }) => fromMs));
  const faults = kase.faults
    .flatMap(({ injectedMs, revertedMs }) => [injectedMs, revertedMs])
    .filter((atMs) => atMs !== undefined);
  const phases = kase.phases.map(({ fromMs }) => fromMs);
  return [...new Set([...bad, ...faults, ...phases])].sort((a, b) => a - b);
}

function jump(axis: TimeAxis, marked: readonly number[], direction: 1 | -1): void {
  const next =
    direction > 0
      ? marked.find((atMs) => atMs > axis.playheadMs + 1)
      : marked.findLast((atMs) => atMs < axis.playheadMs - 1);
  if (next !== undefined) axis.seek(next);
}

function showTip(
  element: HTMLElement | null,
  title: string | undefined,
  more: string | undefined,
  at: string | undefined,
  event: PointerEvent | undefined,
): void {
  if (!element) return;
  element.hidden = title === undefined || event === undefined;
  if (!event || title === undefined) return;
  element.replaceChildren();
  const head = element.appendChild(document.createElement('b'));
  head.textContent = title;
  const rest = element.appendChild(document.createElement('div'));
  rest.textContent = [at, more].filter(Boolean).join(' · ');
  const width = Math.min(460, innerWidth - 20);
  element.style.maxWidth = `${width}px`;
  element.style.left = `${Math.min(event.clientX + 14, innerWidth - width - 10)}px`;
  element.style.top = `${event.clientY + 18}px`;
}
