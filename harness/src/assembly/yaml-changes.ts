// Which lines of a suite's text have changed since a run, as far as one case is concerned.

import type { YamlChange } from '../model/replays.ts';
import type { Suite } from '../model/suite.ts';

/** Longer texts than this (lines) are not compared: nobody would read the changes. */
const MOST_LINES = 3_000;
const MOST_CHANGES = 8;

/** Lines of the case, and those before the first case: what all of them share. */
export function yamlChanges(was: Suite, now: Suite, caseId: string): YamlChange[] {
  const [before, after] = [was, now].map(({ text }) => text.split('\n').map((line) => line.trim())) as [
    string[],
    string[],
  ];
  if (before.length > MOST_LINES || after.length > MOST_LINES) return [];
  const [wasOwn, nowOwn] = [linesOf(was, caseId), linesOf(now, caseId)];
  return diff(before, after)
    .filter(({ wasLine, line }) => (wasLine !== undefined && wasOwn(wasLine)) || (line !== undefined && nowOwn(line)))
    .slice(0, MOST_CHANGES)
    .map(({ line, wasLine, ...texts }) => ({ line: line ?? wasLine ?? 0, ...texts }));
}

function linesOf({ cases, file }: Suite, caseId: string): (line: number) => boolean {
  const starts = [
    ...new Set(cases.filter(({ position }) => position.file === file).map(({ position }) => position.line)),
  ];
  starts.sort((a, b) => a - b);
  const own = cases.find(({ id }) => id === caseId)?.position.line ?? 0;
  const next = starts.find((line) => line > own) ?? Number.POSITIVE_INFINITY;
  return (line) => (line >= own && line < next) || line < (starts[0] ?? 0);
}

interface Change {
  line?: number;
  wasLine?: number;
  was?: string;
  is?: string;
}

/** Lines that differ, numbered from 1; one that is gone beside one that is new is one that was changed. */
function diff(before: string[], after: string[]): Change[] {
  const same: Uint16Array[] = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  const of = (i: number, j: number) => same[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    const row = same[i] as Uint16Array; // made above
    for (let j = after.length - 1; j >= 0; j -= 1)
      row[j] = before[i] === after[j] ? of(i + 1, j + 1) + 1 : Math.max(of(i + 1, j), of(i, j + 1));
  }
  const changes: Change[] = [];
  let gone: Change[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      changes.push(...gone);
      gone = [];
      i += 1;
      j += 1;
    } else if (i < before.length && (j === after.length || of(i + 1, j) >= of(i, j + 1))) {
      gone.push({ wasLine: i + 1, was: before[i] ?? '' });
      i += 1;
    } else {
      changes.push({ ...gone.shift(), line: j + 1, is: after[j] ?? '' });
      j += 1;
    }
  }
  return [...changes, ...gone].filter(({ was = '', is = '' }) => was !== '' || is !== '');
}
