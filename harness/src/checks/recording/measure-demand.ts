// The contract of one thing that a `recording` check can demand: its notation, its words, its judgement.

import type { z } from 'zod';
import type { Measurements, MeasureName } from '../../model/measurements.ts';
import type { Finding } from '../combine.ts';

export interface MeasureDemand<I> {
  /** The key in YAML, and the measure that it needs. */
  name: MeasureName;
  schema: z.ZodType<I>;
  describe(input: I): string;
  /** Pure. Without data every finding is inconclusive. */
  judge(measured: Measurements, input: I): Finding[];
}

/** One demand of a measure, judged on whether it holds. */
export function finding(holds: boolean, expected: string, seen: string, more: Partial<Finding> = {}): Finding {
  return { verdict: holds ? 'passed' : 'failed', expected, seen, ...more };
}

/** One demand of a measure that cannot be judged. */
export function unknown(expected: string, seen: string, hint?: string): Finding {
  return { verdict: 'inconclusive', expected, seen, ...(hint === undefined ? {} : { hint }) };
}

/** Why frame numbers may be unreadable. */
export const NO_TEST_CARD = 'frame numbers are read from the test card: publish a fixture of Testcard';

/** What to do when one of the two tracks is not there to compare. */
export const NO_PAIR =
  'demand `streams: { video: …, audio: … }` as well, so that a missing track is a failure of its own';
