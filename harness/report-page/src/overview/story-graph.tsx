// The picture of a broken promise: the values over the case, the bound, and the instant at which it was broken.

import type { StoryGraph } from '../../../src/report/html/page-data.ts';
import { clock, shortNumber } from '../shared/words.tsx';

const WIDTH = 640;
const HEIGHT = 132;
const LEFT = 40;
const RIGHT = 8;
const TOP = 16;
const BOTTOM = 18;
const TICKS = 5;

export function StoryGraphPicture({ graph, instantMs }: { graph: StoryGraph; instantMs: number | undefined }) {
  const { kind, label, fromMs, toMs, points, limits, marks = [] } = graph;
  const height = kind === 'marks' ? 84 : HEIGHT;
  const values = [...points.map(([, value]) => value), ...limits.map(({ value }) => value)];
  const [min, max] = room(values);
  const x = (atMs: number) => LEFT + ((atMs - fromMs) / Math.max(1, toMs - fromMs)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + (1 - (value - min) / (max - min)) * (height - TOP - BOTTOM);
  const bottom = height - BOTTOM;
  return (
    <figure class="story-graph">
      <figcaption>
        <b>{label}</b> <span class="muted">over the case</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={words(graph, instantMs)}>
        {kind === 'marks'
          ? null
          : niceTicks(min, max).map((value) => (
              <g key={value}>
                <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(value)} y2={y(value)} class="grid-line" />
                <text x={LEFT - 5} y={y(value) + 3.5} text-anchor="end">
                  {shortNumber(value)}
                </text>
              </g>
            ))}
        <line x1={LEFT} x2={WIDTH - RIGHT} y1={bottom} y2={bottom} class="grid-line" />
        {Array.from({ length: TICKS }, (_, index) => fromMs + ((toMs - fromMs) * index) / (TICKS - 1)).map(
          (atMs, index) => (
            <text
              key={atMs}
              x={x(atMs)}
              y={height - 4}
              text-anchor={index === 0 ? 'start' : index === TICKS - 1 ? 'end' : 'middle'}
            >
              {clock(atMs, 0)}
            </text>
          ),
        )}
        {kind === 'steps' ? <path d={steps(points, x, y, WIDTH - RIGHT)} class="graph-line" /> : null}
        {kind === 'points'
          ? points.map(([atMs, value]) => <circle key={atMs} cx={x(atMs)} cy={y(value)} r="2.6" class="graph-dot" />)
          : null}
        {limits.map(({ value, name }) => (
          <g key={name} class="graph-limit">
            <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(value)} y2={y(value)} />
            <text x={LEFT + 4} y={y(value) + (y(value) < TOP + 14 ? 12 : -4)}>
              {name}
            </text>
          </g>
        ))}
        {marks.map(({ fromMs: begin, toMs: end, title, since }, index) => {
          const before = marks[index - 1]?.fromMs;
          if (since !== undefined || marks[1]?.since !== undefined) {
            return (
              <g key={`${begin}${title}`}>
                <title>{title}</title>
                <line x1={x(begin)} x2={x(begin)} y1={TOP + 14} y2={bottom} class="graph-tick" />
                {before === undefined ? null : (
                  <text x={(x(before) + x(begin)) / 2} y={TOP + 30} text-anchor="middle" class="graph-since">
                    {x(begin) - x(before) > 34 ? since : ''}
                  </text>
                )}
              </g>
            );
          }
          const isRight = x(begin) > WIDTH * 0.6;
          return (
            <g key={`${begin}${title}`}>
              <rect
                x={x(begin)}
                y={TOP + 2 + (index % 3) * 15}
                width={Math.max(5, x(end) - x(begin))}
                height="10"
                rx="2"
                class="graph-mark"
              />
              {marks.length > 3 ? null : (
                <text
                  x={isRight ? x(begin) - 5 : x(end) + 8}
                  y={TOP + 11 + (index % 3) * 15}
                  text-anchor={isRight ? 'end' : 'start'}
                >
                  {title}
                </text>
              )}
            </g>
          );
        })}
        {instantMs === undefined ? null : (
          <g class="graph-instant">
            <line x1={x(instantMs)} x2={x(instantMs)} y1={TOP - 4} y2={bottom} />
            <text x={x(instantMs)} y={TOP - 5} text-anchor="middle">
              ✗
            </text>
          </g>
        )}
      </svg>
    </figure>
  );
}

/** Two to four round values between the two. */
function niceTicks(min: number, max: number): number[] {
  const rough = (max - min) / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  for (let tick = Math.ceil(min / step) * step; tick <= max; tick += step) ticks.push(Number(tick.toPrecision(12)));
  return ticks;
}

function room(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  const min = Math.min(...values);
  const max = Math.max(...values);
  if (min === max) return min === 0 ? [0, 1] : [Math.min(0, min), Math.max(0, max)];
  return [min >= 0 ? 0 : min - (max - min) * 0.08, max + (max - min) * 0.08];
}

function steps(
  points: readonly [number, number][],
  x: (ms: number) => number,
  y: (value: number) => number,
  end: number,
): string {
  const [first, ...rest] = points;
  if (!first) return '';
  return `M${x(first[0])},${y(first[1])}${rest.map(([atMs, value]) => `H${x(atMs)}V${y(value)}`).join('')}H${end}`;
}

function words({ label, points, limits, marks = [] }: StoryGraph, instantMs: number | undefined): string {
  const values = points.map(([, value]) => value);
  const parts = [label];
  if (values.length > 0) parts.push(`from ${shortNumber(Math.min(...values))} to ${shortNumber(Math.max(...values))}`);
  parts.push(
    ...limits.map(({ name }) => `promised ${name}`),
    ...marks.slice(0, 6).map(({ title, since }) => (since === undefined ? title : `${since} later ${title}`)),
  );
  if (instantMs !== undefined) parts.push(`broken at ${clock(instantMs)}`);
  return parts.join(', ');
}
