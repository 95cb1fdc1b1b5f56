// Log lines as ticks, one lane a service: how many there were, warnings as diamonds, errors as triangles.

import { logSentence } from '../../../../src/report/html/log-level.ts';
import { LEVEL, type LogLines, lowerBound } from '../../data/log-lines.ts';
import { cut } from '../../shared/words.tsx';
import { drawSign } from '../draw.ts';
import type { Lane, Mark } from '../lane.ts';

/** More marks than these in a list help nobody; all lines are in the log below. */
const MOST_MARKS = 400;

export function logLane(log: LogLines, service: number, fromMs: number, toMs: number): Lane | undefined {
  const indices: number[] = [];
  const first = lowerBound(log.times, fromMs);
  const last = lowerBound(log.times, toMs + 1);
  for (let index = first; index < last; index += 1) if (log.service[index] === service) indices.push(index);
  if (indices.length === 0) return undefined;
  const times = Int32Array.from(indices, (index) => log.times[index] as number);
  const levels = Uint8Array.from(indices, (index) => log.level[index] as number);
  const marks = indices
    .filter((index) => (log.level[index] as number) >= LEVEL.warn)
    .slice(0, MOST_MARKS)
    .map((index): Mark => {
      const atMs = log.times[index] as number;
      const isError = log.level[index] === LEVEL.error;
      return {
        fromMs: atMs,
        toMs: atMs,
        title: cut(logSentence(log.text[index] ?? ''), 200),
        kind: isError ? 'error in log' : 'warning in log',
        isBad: isError,
      };
    });
  const name = log.services[service] ?? '';
  return {
    id: `log-${name}`,
    label: `${name} log`,
    height: 26,
    marks,
    read(atMs) {
      const index = lowerBound(times, atMs + 1) - 1;
      return index < 0 ? '' : cut(logSentence(log.text[indices[index] as number] ?? ''), 80);
    },
    draw({ context, axis, palette, width, height }) {
      const columns = new Uint16Array(Math.ceil(width) + 1);
      const start = lowerBound(times, axis.fromMs);
      const end = lowerBound(times, axis.toMs + 1);
      const scale = width / axis.spanMs;
      const bad: [number, boolean][] = [];
      for (let at = start; at < end; at += 1) {
        const x = ((times[at] as number) - axis.fromMs) * scale;
        columns[x | 0] = (columns[x | 0] as number) + 1;
        const level = levels[at] as number;
        if (level >= LEVEL.warn && bad.length < 4_000) bad.push([x, level === LEVEL.error]);
      }
      context.fillStyle = palette.muted;
      const most = columns.reduce((max, lines) => Math.max(max, lines), 1);
      for (let x = 0; x < columns.length; x += 1) {
        const lines = columns[x] as number;
        if (lines === 0) continue;
        const tall = 3 + (height - 15) * Math.sqrt(lines / Math.max(9, most));
        context.fillRect(x, height - 3 - tall, 1, tall);
      }
      let lastX = -99;
      for (const [x, isError] of bad) {
        if (x - lastX < 4 && !isError) continue;
        lastX = x;
        if (isError) drawSign(context, 'triangle', x, 6, 9, palette.fail);
        else drawSign(context, 'diamond', x, 6, 7, palette.warn);
      }
    },
  };
}
