// Judges a recording as a strict suite would, by the very check that suites use: what is promised of a pipeline that copies
// pictures and sound without a fault.

import { recordingCheck } from '../../src/checks/index.ts';
import type { Measurements } from '../../src/model/measurements.ts';
import type { Judgement } from '../../src/model/verdict.ts';
import { type JudgedMeasure, MUTANT_SECONDS } from './mutants.ts';

const STRICT = {
  duration: { equals: `${MUTANT_SECONDS}s`, tolerance: '200ms', from: 'first-frame' },
  frames: { lost: 0, duplicated: 0, backward: 0, unreadable: 0, stale: 0 },
  // In so few seconds the rounding of timestamps to ms alone is a slope of some 30 ppm; 17 ppm can be asked of half a minute.
  'content-sync': { within: 'ebu', 'p99-within': 'atsc', 'drift-below': '100ppm' },
  gaps: { 'audio-longer-than': '10ms', 'video-longer-than': '50ms', freezes: 0 },
  timestamps: { monotonic: true, 'largest-jump': '100ms', 'clock-disagreement': '2ms', overlaps: 0 },
  quality: { 'bit-exact': true },
  'av-sync': { within: '120ms', for: '95%' },
} as const;

export const JUDGED = Object.keys(STRICT) as JudgedMeasure[];

/** One measure's verdict on a recording; anything but `passed` rejects it. */
export function judgeStrictly(name: JudgedMeasure, measurements: Measurements): Judgement {
  const input = recordingCheck.schema.parse({ recording: 'mutant', [name]: STRICT[name] });
  const status = { name: 'mutant', state: 'ended' as const, bytes: measurements.sizeBytes };
  return recordingCheck.judge({ status, measurements }, input);
}
