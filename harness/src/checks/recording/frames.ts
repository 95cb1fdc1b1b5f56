// `frames`: which frames of what was published are in the recording, by the numbers printed on them.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField, mustDemand } from '../../model/fields.ts';
import type { FramesMeasure } from '../../model/measurements.ts';
import {
  describeNumberMatcher,
  mapMatcher,
  missBy,
  type NumberMatcher,
  numberHolds,
  numberMatcherField,
} from '../../model/number-matcher.ts';
import type { Finding } from '../combine.ts';
import { counted, missWords, shortNumber } from '../words.ts';
import { finding, type MeasureDemand, NO_TEST_CARD, unknown } from './measure-demand.ts';

/** How many frames: as a number of them, or as the time that they last. */
type FrameCount = { unit: 'frames' | 'ms'; matcher: NumberMatcher };

const COUNTS = {
  lost: 'Frames that never came, between the first and the last that did',
  duplicated: 'Frames that came more than once',
  backward: 'Frames that came after a later one',
  unreadable: 'Frames whose number cannot be read',
  stale: 'Frames of another run: cached or replayed pictures',
  'missing-at-start':
    'Frames published before the first one in the recording: what a reader that joined late has missed',
  'missing-at-end': 'Frames published after the last one in the recording',
} as const;

type CountName = keyof typeof COUNTS;
type FramesInput = { [name in CountName]?: FrameCount | undefined };

const NAMES = Object.keys(COUNTS) as CountName[];

/** More unreadable frames than this share, and what was not seen in the others shows nothing about them. */
const UNREADABLE_SHARE = 0.01;

const NONE: FrameCount = { unit: 'frames', matcher: { equals: 0 } };

const countField = z.union([
  numberMatcherField(z.number().int().min(0)).transform((matcher): FrameCount => ({ unit: 'frames', matcher })),
  numberMatcherField(durationField).transform((matcher): FrameCount => ({ unit: 'ms', matcher })),
]);

const describedCount = (name: CountName) =>
  countField.optional().describe(`${COUNTS[name]}: a number of frames, a duration, or a map of matchers of either`);

export const framesDemand: MeasureDemand<FramesInput> = {
  name: 'frames',
  schema: z
    .strictObject({
      lost: describedCount('lost'),
      duplicated: describedCount('duplicated'),
      backward: describedCount('backward'),
      unreadable: describedCount('unreadable'),
      stale: describedCount('stale'),
      'missing-at-start': describedCount('missing-at-start'),
      'missing-at-end': describedCount('missing-at-end'),
    })
    .superRefine(
      mustDemand(
        (input) => NAMES.some((name) => input[name] !== undefined),
        `says nothing that must be true: add one of ${NAMES.join(', ')}`,
      ),
    )
    .describe('Frames by the number printed on each of them'),
  describe: (input) =>
    asked(input)
      .map(([name, count]) => describeCount(name, count))
      .join(', '),
  judge({ frames, unmeasured }, input) {
    const findings = asked(input).map(([name, count]) => judgeCount(frames, name, count, unmeasured?.frames));
    // Whatever else is demanded of them, frames of another run are never what was promised.
    if (input.stale === undefined && frames?.stale) findings.push(judgeCount(frames, 'stale', NONE, undefined));
    return findings;
  },
};

function judgeCount(
  frames: FramesMeasure | undefined,
  name: CountName,
  { unit, matcher }: FrameCount,
  why: string | undefined,
): Finding {
  const expected = describeCount(name, { unit, matcher });
  if (!frames || frames.total === 0) return unknown(expected, why ?? 'it has no picture that can be decoded');
  const { total, unreadable } = frames;
  const frameRate = publishedRate(frames);
  if (frames.first === undefined && name !== 'unreadable' && name !== 'stale') {
    return unknown(expected, `no number of this run can be read on its ${counted(total, 'frame')}`, NO_TEST_CARD);
  }
  if (unit === 'ms' && !(frameRate > 0)) return unknown(expected, 'its frame rate is not known');
  const value = countOf(frames, name);
  if (value === undefined) return unknown(expected, 'what was published is not known', NO_TEST_CARD);
  const inFrames = unit === 'ms' ? mapMatcher(matcher, (ms) => framesIn(ms, frameRate)) : matcher;
  const holds = numberHolds(inFrames, value);
  const length = frameRate > 0 && value > 0 ? ` (${formatDurationMs((value / frameRate) * 1_000)})` : '';
  const saw = `${name} ${value}${length}`;
  const first = frames.defects.find((defect) => defect.kind === name);
  const where = first ? `, the first at ${shortNumber(first.atMs / 1_000)} s of the stream` : '';
  const figure = {
    name,
    value: `${value} of ${total}`,
    promised: expected,
    verdict: holds ? 'passed' : 'failed',
  } as const;
  if (!holds && name === 'lost' && value <= unreadable) {
    return unknown(expected, `${saw}, but ${counted(unreadable, 'frame')} cannot be read and may be those`);
  }
  if (holds && (name === 'duplicated' || name === 'backward') && unreadable > total * UNREADABLE_SHARE) {
    return unknown(expected, `${saw} among those that can be read, but ${unreadable} of ${total} cannot`, NO_TEST_CARD);
  }
  const miss = holds ? '' : missWords(missBy(inFrames, value), (frameCount) => counted(Math.ceil(frameCount), 'frame'));
  return finding(holds, expected, `${saw}${miss}${holds ? '' : where}`, { figure });
}

/** Numbers a second: that of the publication even where every other frame is gone. */
function publishedRate({ first, last, total, frameRate }: FramesMeasure): number {
  if (first === undefined || last === undefined || last <= first || total < 2) return frameRate;
  return ((last - first) * frameRate) / (total - 1);
}

/** A measured rate is never quite whole: what is a whole number of frames but for that stays one. */
function framesIn(ms: number, frameRate: number): number {
  const exact = (ms / 1_000) * frameRate;
  return Math.abs(exact - Math.round(exact)) < 0.1 ? Math.round(exact) : exact;
}

function countOf(frames: FramesMeasure, name: CountName): number | undefined {
  if (name === 'missing-at-start') return frames.missingAtStart;
  if (name === 'missing-at-end') return frames.missingAtEnd;
  return name === 'stale' ? (frames.stale ?? 0) : frames[name];
}

function asked(input: FramesInput): [CountName, FrameCount][] {
  return NAMES.flatMap((name) => {
    const count = input[name];
    return count ? [[name, count] as [CountName, FrameCount]] : [];
  });
}

function describeCount(name: CountName, { unit, matcher }: FrameCount): string {
  const what = name.replaceAll('-', ' ');
  const words = describeNumberMatcher(matcher, unit === 'ms' ? formatDurationMs : String);
  return words === 'exactly 0' || words === 'exactly 0ms' ? `no frame ${what}` : `frames ${what} ${words}`;
}
