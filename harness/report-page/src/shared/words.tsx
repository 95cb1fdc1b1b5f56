// Words and marks that every view uses the same way: verdicts are told by colour, shape and text.

import type { Verdict } from '../../../src/model/verdict.ts';

export type AnyVerdict = Verdict | 'skipped' | 'unfinished';

export const GLYPH: Record<AnyVerdict, string> = {
  passed: '✓',
  failed: '✗',
  inconclusive: '?',
  skipped: '–',
  unfinished: '…',
};

export function VerdictMark({ verdict, withWord = false }: { verdict: AnyVerdict; withWord?: boolean }) {
  return (
    <span class={`verdict verdict-${verdict}`} title={verdict}>
      <span class="glyph" aria-hidden="true">
        {GLYPH[verdict]}
      </span>
      {withWord ? <span class="word">{verdict}</span> : <span class="unseen">{verdict}</span>}
    </span>
  );
}

export { formatDurationMs as duration } from '../../../src/base/duration.ts';

/** `+12.34 s` on the case's own clock; `+1:02:03.4` beyond a minute. */
export function clock(ms: number, digits = 2): string {
  const sign = ms < 0 ? '−' : '+';
  const abs = Math.abs(ms);
  const seconds = abs / 1_000;
  if (seconds < 60) return `${sign}${seconds.toFixed(digits)} s`;
  const rest = (seconds % 60).toFixed(Math.min(digits, 1)).padStart(digits > 0 ? 4 : 2, '0');
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${sign}${minutes}:${rest}`
    : `${sign}${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

/** A value of a metric, short. */
export function shortNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const abs = Math.abs(value);
  for (const [size, unit] of [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
  ] as const) {
    if (abs >= size) return `${Number((value / size).toPrecision(4))} ${unit}`;
  }
  return String(Number(value.toPrecision(5)));
}

export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

export const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;
