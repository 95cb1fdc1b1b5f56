// `av-sync`: the nearest packet timestamps of picture and sound, segment by segment. It cannot see lip sync; `content-sync` can.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField, percentField } from '../../model/fields.ts';
import { counted, shortShare, signedMs } from '../words.ts';
import { finding, type MeasureDemand, NO_PAIR, unknown } from './measure-demand.ts';

interface AvSyncInput {
  within: number;
  for?: number | undefined;
}

export const avSyncDemand: MeasureDemand<AvSyncInput> = {
  name: 'av-sync',
  schema: z
    .strictObject({
      within: durationField.describe('Largest difference allowed between the nearest PTS of picture and sound'),
      for: percentField.optional().describe('In how many of the segments it must hold. Default 100%'),
    })
    .describe(
      'Timestamps only: the nearest PTS of picture and sound at each segment. It says nothing about what is seen and heard (use `content-sync` for that)',
    ),
  describe,
  judge(measured, input) {
    const expected = describe(input);
    const segments = measured['av-sync']?.segments ?? [];
    const worst = segments.reduce((a, b) => (a && Math.abs(a.deltaMs) >= Math.abs(b.deltaMs) ? a : b), segments[0]);
    if (!worst)
      return [
        unknown(
          expected,
          measured.unmeasured?.['av-sync'] ?? 'there is no segment with both picture and sound',
          NO_PAIR,
        ),
      ];
    const within = segments.filter(({ deltaMs }) => Math.abs(deltaMs) <= input.within).length;
    // The smallest number of segments that is the share asked for; 1e-9 keeps 0.95 × 20 from being 19.000…01.
    const needed = Math.ceil((input.for ?? 1) * segments.length - 1e-9);
    const holds = within >= needed;
    const seen = `${within} of ${counted(segments.length, 'segment')} (${shortShare(within / segments.length)}), the largest ${signedMs(worst.deltaMs)} in segment ${worst.index}`;
    const figure = {
      name: 'av-sync',
      value: `${within}/${segments.length} segments, largest ${signedMs(worst.deltaMs)}`,
      promised: expected,
      verdict: holds ? ('passed' as const) : ('failed' as const),
    };
    return [finding(holds, expected, seen, { figure })];
  },
};

function describe({ within, for: share }: AvSyncInput): string {
  return `timestamps of picture and sound within ${formatDurationMs(within)} for ${shortShare(share ?? 1)} of segments`;
}
