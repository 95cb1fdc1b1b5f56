// One chart on the axis of the case, drawn by uPlot: metrics as steps, offsets as points, limits as lines with their names.

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { colors, onTheme, type Palette } from '../shared/theme.ts';
import type { TimeAxis } from './time-axis.ts';

/** Room for the numbers of the y axis, inside the column of names. */
export const AXIS_PX = 46;
const DASHES: number[][] = [[], [6, 3], [2, 2], [8, 3, 2, 3], [12, 3], [1, 3]];

export interface ChartLine {
  label: string;
  kind: 'steps' | 'points';
}

export interface ChartLimit {
  value: number;
  name: string;
  /** Asked for by the suite: stronger than what is only for comparison. */
  isAsked: boolean;
}

export interface ChartProps {
  id: string;
  label: string;
  unit?: string;
  height: number;
  lines: ChartLine[];
  limits: ChartLimit[];
  /** Columns for what is seen: times, then a column a line. */
  columns(fromMs: number, toMs: number, pixels: number): (number | null)[][];
  read(atMs: number): string;
  /** Value of each line, where there are several. */
  readEach?(atMs: number): string[];
  axis: TimeAxis;
  onRemove?: () => void;
}

export function ChartStrip({ id, label, height, lines, limits, columns, read, readEach, axis, onRemove }: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const value = useRef<HTMLSpanElement>(null);
  const legend = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (!holder.current) return;
    let plot = make(holder.current, { height, lines, limits, axis });
    const feed = () => {
      const data = columns(axis.fromMs, axis.toMs, Math.max(50, Math.round(axis.width)));
      if (plot.width !== Math.round(axis.width) + AXIS_PX)
        plot.setSize({ width: Math.round(axis.width) + AXIS_PX, height });
      plot.batch(() => {
        plot.setData(data as uPlot.AlignedData, false);
        plot.setScale('x', { min: axis.fromMs, max: axis.toMs });
        plot.setScale('y', range(data, limits));
      });
    };
    const say = () => {
      if (lines.length > 1) {
        for (const [index, text] of readEach?.(axis.readMs).entries() ?? []) {
          const cell = legend.current?.children[index]?.lastElementChild;
          if (cell && cell.textContent !== text) cell.textContent = text;
        }
        return;
      }
      const text = read(axis.readMs);
      if (value.current && value.current.textContent !== text) value.current.textContent = text;
    };
    feed();
    say();
    const stopAxis = axis.listen((changed) => {
      if (changed.has('view')) feed();
      say();
    });
    const stopTheme = onTheme(() => {
      plot.destroy();
      if (holder.current) plot = make(holder.current, { height, lines, limits, axis });
      feed();
    });
    return () => {
      stopAxis();
      stopTheme();
      plot.destroy();
    };
  }, [axis, columns, height, lines, limits, read, readEach]);
  return (
    <div class="lane lane-chart" data-lane={id} style={{ height: `${height}px` }}>
      <div class="lane-label">
        <span class="lane-name" title={label}>
          {breakable(label)}
        </span>
        {lines.length === 1 ? <span class="lane-value" ref={value} /> : null}
        {lines.length > 1 ? (
          <ul class="legend" ref={legend}>
            {lines.map((line, index) => (
              <li key={line.label}>
                <svg width="22" height="8" aria-hidden="true">
                  <line
                    x1="0"
                    x2="22"
                    y1="4"
                    y2="4"
                    class={`stroke-${index + 1}`}
                    stroke-dasharray={(DASHES[index] ?? []).join(' ')}
                  />
                </svg>
                {line.label}
                <span class="legend-value" />
              </li>
            ))}
          </ul>
        ) : null}
        {onRemove ? (
          <button type="button" class="bare lane-remove" onClick={onRemove} aria-label={`Remove the chart of ${label}`}>
            ×
          </button>
        ) : null}
      </div>
      <div class="lane-plot">
        <div
          class="chart"
          ref={holder}
          role="img"
          aria-label={`Chart of ${label}${limits.length > 0 ? `, limits ${limits.map(({ name }) => name).join(', ')}` : ''}`}
        />
      </div>
    </div>
  );
}

/** Names of metrics break after their underscores. */
function breakable(label: string) {
  return label.split(/(?<=[_{,:])/).map((part, index) => (
    <span key={`${index}${part}`}>
      {part}
      <wbr />
    </span>
  ));
}

function range(data: (number | null)[][], limits: readonly ChartLimit[]): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const column of data.slice(1)) {
    for (const value of column) {
      if (value === null) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  for (const { value } of limits) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (min === Infinity) return { min: 0, max: 1 };
  if (min === max) return min === 0 ? { min: 0, max: 1 } : { min: Math.min(0, min * 1.2), max: Math.max(0, max * 1.2) };
  const room = (max - min) * 0.12;
  return { min: min >= 0 && min - room < 0 ? 0 : min - room, max: max + room };
}

function make(
  holder: HTMLElement,
  { height, lines, limits, axis }: Pick<ChartProps, 'height' | 'lines' | 'limits' | 'axis'>,
): uPlot {
  const palette = colors();
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  return new uPlot(
    {
      width: Math.round(axis.width) + AXIS_PX,
      height,
      padding: [4, 0, 4, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, auto: false }, y: { auto: false } },
      axes: [
        { show: false },
        {
          size: AXIS_PX,
          stroke: palette.muted,
          font: '10px system-ui, sans-serif',
          grid: { stroke: palette.line, width: 1 },
          ticks: { show: false },
          gap: 4,
          space: 18,
          values: (_, values) => values.map(axisNumber),
        },
      ],
      series: [
        {},
        ...lines.map(({ label, kind }, index): uPlot.Series => {
          const stroke = palette[`s${index + 1}` as keyof Palette] || palette.accent;
          return kind === 'steps'
            ? {
                label,
                stroke,
                width: 1.5,
                dash: DASHES[index] ?? [],
                points: { show: false },
                ...(stepped ? { paths: stepped } : {}),
              }
            : { label, stroke, width: 1, points: { show: true, size: 5, fill: stroke } };
        }),
      ],
      hooks: { drawAxes: [(plot) => drawLimits(plot, limits, palette)] },
    },
    [[], ...lines.map(() => [])] as uPlot.AlignedData,
    holder,
  );
}

function drawLimits(plot: uPlot, limits: readonly ChartLimit[], palette: Palette): void {
  const { ctx: context, bbox } = plot;
  const ratio = devicePixelRatio || 1;
  context.save();
  context.beginPath();
  context.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  context.clip();
  const taken = { left: -99, right: -99 };
  for (const { value, name, isAsked } of [...limits].sort((a, b) => b.value - a.value)) {
    const y = plot.valToPos(value, 'y', true);
    context.strokeStyle = isAsked ? palette.fail : palette.muted;
    context.lineWidth = (isAsked ? 1.5 : 1) * ratio;
    context.setLineDash(isAsked ? [7 * ratio, 3 * ratio] : [2 * ratio, 3 * ratio]);
    context.beginPath();
    context.moveTo(bbox.left, y);
    context.lineTo(bbox.left + bbox.width, y);
    context.stroke();
    // What is asked for is named at the right, what is only for comparison at the left; no name stands on another's.
    const side = isAsked ? 'right' : 'left';
    if (Math.abs(y - taken[side]) < 10 * ratio) continue;
    taken[side] = y;
    context.fillStyle = isAsked ? palette.fail : palette.muted;
    context.font = `${10 * ratio}px system-ui, sans-serif`;
    context.textAlign = side;
    const isBelow = value < 0 || y - bbox.top < 14 * ratio;
    context.textBaseline = isBelow ? 'top' : 'bottom';
    const x = isAsked ? bbox.left + bbox.width - 4 * ratio : bbox.left + 4 * ratio;
    context.fillText(name, x, y + (isBelow ? 2 : -1) * ratio);
  }
  context.restore();
}

function axisNumber(value: number | null): string {
  if (value === null) return '';
  const abs = Math.abs(value);
  if (abs >= 1e9) return `${Number((value / 1e9).toPrecision(3))}G`;
  if (abs >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (abs >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(4)));
}
