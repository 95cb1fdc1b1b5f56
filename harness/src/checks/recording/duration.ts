// `duration`: how long a recording is, as it stands or counted from what was published when its first frame was.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField, mustDemand } from '../../model/fields.ts';
import {
  describeNumberMatcher,
  hasMatcher,
  matcherProblem,
  missBy,
  type NumberMatcher,
  numberHolds,
  numberMatcherShape,
} from '../../model/number-matcher.ts';
import { missWords, shortMs } from '../words.ts';
import { finding, type MeasureDemand, NO_TEST_CARD, unknown } from './measure-demand.ts';

type DurationInput = NumberMatcher & { from?: 'first-frame' | undefined };

export const durationDemand: MeasureDemand<DurationInput> = {
  name: 'duration',
  schema: z
    .union([
      durationField.transform((equals): DurationInput => ({ equals })),
      z
        .strictObject({
          ...numberMatcherShape(durationField),
          from: z
            .enum(['first-frame'])
            .optional()
            .describe(
              'With `first-frame`, what was published before the first frame in the recording counts as recorded: a reader that joins late has not lost it',
            ),
        })
        .superRefine((input, context) => {
          const problem = matcherProblem(input);
          if (problem) context.addIssue({ code: 'custom', ...problem });
          mustDemand(hasMatcher, 'needs a length, such as { equals: 60s, tolerance: 500ms }')(input, context);
        }),
    ])
    .describe(
      'Length from the first to the last instant presented, over all streams: a duration, or a map of matchers',
    ),
  describe,
  judge({ duration, unmeasured }, input) {
    const expected = describe(input);
    if (!duration || !(duration.totalMs > 0))
      return [unknown(expected, unmeasured?.duration ?? 'it has no length that can be measured')];
    let lengthMs = duration.totalMs;
    let seen = shortMs(lengthMs);
    if (input.from === 'first-frame') {
      const { firstFrame, publishedMs, publishedFromFirstFrameMs } = duration;
      if (firstFrame === undefined || publishedMs === undefined || publishedFromFirstFrameMs === undefined) {
        return [
          unknown(
            expected,
            `${seen} long, but which frame of what was published it begins with is not known`,
            NO_TEST_CARD,
          ),
        ];
      }
      const missedMs = publishedMs - publishedFromFirstFrameMs;
      // Sound of pictures that were missed is not counted twice.
      const soundOfIt = Math.min(missedMs, duration.soundFirstMs ?? 0);
      lengthMs += missedMs - soundOfIt;
      seen = `${seen}, and ${shortMs(missedMs)} published before its first frame (number ${firstFrame})${soundOfIt > 0 ? `, of which it has the sound of ${shortMs(soundOfIt)}` : ''}`;
    }
    const holds = numberHolds(input, lengthMs);
    const figure = {
      name: 'duration',
      value: shortMs(duration.totalMs),
      promised: expected,
      verdict: holds ? ('passed' as const) : ('failed' as const),
    };
    return [finding(holds, expected, `${seen}${holds ? '' : missWords(missBy(input, lengthMs), shortMs)}`, { figure })];
  },
};

function describe(input: DurationInput): string {
  return `duration ${describeNumberMatcher(input, formatDurationMs)}${input.from ? ' from its first frame' : ''}`;
}
