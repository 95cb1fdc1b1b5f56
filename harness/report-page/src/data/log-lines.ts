// The log lines of a timeline: columns of times, services and levels, and the texts, for drawing all and showing a few.

import type { LogHead } from '../../../src/report/html/page-data.ts';
import { readChunk } from './chunks.ts';

export const LEVEL = { debug: 0, info: 1, warn: 2, error: 3 } as const;

export interface LogLines {
  services: string[];
  count: number;
  times: Int32Array;
  service: Uint8Array;
  level: Uint8Array;
  text: string[];
}

export async function readLog(head: LogHead): Promise<LogLines> {
  const rows = (await readChunk(head.chunk)).split('\n');
  const count = rows.length;
  const times = new Int32Array(count);
  const service = new Uint8Array(count);
  const level = new Uint8Array(count);
  const text = new Array<string>(count);
  for (let index = 0; index < count; index += 1) {
    const row = rows[index] ?? '';
    const first = row.indexOf('\t');
    const second = row.indexOf('\t', first + 1);
    const third = row.indexOf('\t', second + 1);
    times[index] = Number(row.slice(0, first));
    service[index] = Number(row.slice(first + 1, second));
    level[index] = Number(row.slice(second + 1, third));
    text[index] = row.slice(third + 1);
  }
  return { services: head.services, count, times, service, level, text };
}

/** Index of the first element that is not before `value`. */
export function lowerBound(sorted: ArrayLike<number>, value: number, from = 0, to = sorted.length): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
