// What a check, a case or a run came to.

export type Verdict = 'passed' | 'failed' | 'inconclusive';

/** What judging an observation against an expectation came to. */
export interface Judgement {
  verdict: Verdict;
  /** What was promised, in words: `metric frames of worker: at most 3`. */
  expected: string;
  /** What was seen instead (or as well), in words: `saw 4 at +12.3 s`. */
  seen: string;
  /** When the thing that decided happened, Unix ms, where there is one instant. */
  atMs?: number | undefined;
  /** The last value, for progress lines and time-out reports: short. */
  last?: string | number | undefined;
  /** Set when waiting longer cannot change the verdict (a count already exceeded, a recording that has ended). */
  hopeless?: string | undefined;
  /** Structured facts for the reports: JSON-serialisable (measurement tables, matching lines). */
  detail?: unknown;
  hint?: string | undefined;
  /** Measured figures for the summary of the run, each with what it was held against. */
  figures?: MeasuredFigure[] | undefined;
}

export interface MeasuredFigure {
  /** What was measured of what: `output · content-sync`. */
  name: string;
  value: string;
  promised?: string;
  verdict: Verdict;
}

/** The worse of two: inconclusive is only reported when nothing failed. */
export function worseVerdict(a: Verdict, b: Verdict): Verdict {
  const order: Verdict[] = ['passed', 'inconclusive', 'failed'];
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}
