// Wording that every kind of check shares: when something happened, how many, how numbers look.

import type { Judgement } from '../model/verdict.ts';

/** `+12.3 s`, counted from the start of what is looked at (the case, or the phase). */
export function sinceStart(atMs: number, fromMs: number): string {
  const seconds = (atMs - fromMs) / 1_000;
  return `${seconds < 0 ? '−' : '+'}${Math.abs(seconds).toFixed(1)} s`;
}

/** `1 line`, `3 lines`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** At most six significant digits, without trailing zeros. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(6)));
}

/** How far a value misses what was demanded: `, 2 too high`; empty when no distance says anything. */
export function missWords(miss: number, format: (value: number) => string = shortNumber): string {
  if (miss === 0 || !Number.isFinite(miss)) return '';
  return `, ${format(Math.abs(miss))} too ${miss > 0 ? 'high' : 'low'}`;
}

/** Milliseconds of media: `0.42 ms`, `119 ms`, `1.5 s`, `60.02 s`. */
export function shortMs(ms: number): string {
  const abs = Math.abs(ms);
  if (abs >= 1_000) return `${Number((ms / 1_000).toFixed(2))} s`;
  return `${Number(ms.toFixed(abs < 10 ? 2 : 1))} ms`;
}

/** `300 ms late`: where the sound is against the picture. */
export function lateOrEarly(offsetMs: number): string {
  return offsetMs === 0 ? 'in time' : `${shortMs(Math.abs(offsetMs))} ${offsetMs > 0 ? 'late' : 'early'}`;
}

/** With its sign: + means that the sound is late. */
export function signedMs(ms: number): string {
  return `${ms > 0 ? '+' : ''}${shortMs(ms)}`;
}

/** `96.7%`, never rounded up to a whole. */
export function shortShare(share: number): string {
  return `${Math.floor(share * 1_000 + 1e-9) / 10}%`;
}

/** The judgement of something that could not be looked at. */
export function cannotTell(expected: string, seen: string, hint?: string): Judgement {
  return { verdict: 'inconclusive', expected, seen, ...(hint === undefined ? {} : { hint }) };
}
