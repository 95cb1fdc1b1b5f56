// `quality`: whether the pictures are those that were published, bit for bit or by likeness.

import { z } from 'zod';
import { mustDemand } from '../../model/fields.ts';
import type { QualityMeasure } from '../../model/measurements.ts';
import type { Finding } from '../combine.ts';
import { counted, shortNumber } from '../words.ts';
import { finding, type MeasureDemand, NO_TEST_CARD, unknown } from './measure-demand.ts';

interface QualityInput {
  'bit-exact'?: true | undefined;
  'ssim-above'?: number | undefined;
  'mean-ssim-above'?: number | undefined;
}

const ssimField = z.number().min(0).max(1).optional();

export const qualityDemand: MeasureDemand<QualityInput> = {
  name: 'quality',
  schema: z
    .strictObject({
      'bit-exact': z
        .literal(true, { error: 'only `true` can be demanded' })
        .optional()
        .describe('Every decoded frame equals the published one of the same number, bit for bit'),
      'ssim-above': ssimField.describe(
        'Every frame is at least this like the published one: structural similarity of the luma, 0 to 1',
      ),
      'mean-ssim-above': ssimField.describe('The frames are this like the published ones on average'),
    })
    .superRefine(
      mustDemand(
        (input) => Object.values(input).some((value) => value !== undefined),
        'says nothing that must be true: add `bit-exact: true`, `ssim-above` or `mean-ssim-above`',
      ),
    )
    .describe('Pictures against those that were published, matched by frame number'),
  describe: (input) => describeAll(input).join(', '),
  judge({ quality, unmeasured }, input) {
    if (!quality || quality.compared === 0) {
      return [
        unknown(
          describeAll(input).join(', '),
          unmeasured?.quality ?? 'no frame of it could be compared with what was published',
          NO_TEST_CARD,
        ),
      ];
    }
    const findings: Finding[] = [];
    if (input['bit-exact']) {
      const holds = quality.bitExact && quality.identical === quality.compared;
      const seen = `${quality.identical} of ${counted(quality.compared, 'frame')} identical`;
      findings.push(judged(holds, BIT_EXACT, seen, 'bit-exact'));
    }
    if (input['ssim-above'] !== undefined) {
      findings.push(judgeSsim(quality, 'ssim-above', input['ssim-above'], quality.ssimMin, 'the worst frame'));
    }
    if (input['mean-ssim-above'] !== undefined) {
      findings.push(judgeSsim(quality, 'mean-ssim-above', input['mean-ssim-above'], quality.ssimMean, 'the mean'));
    }
    return findings;
  },
};

const BIT_EXACT = 'pictures bit-exact';

function judgeSsim(
  quality: QualityMeasure,
  key: 'ssim-above' | 'mean-ssim-above',
  limit: number,
  measured: number | undefined,
  what: string,
): Finding {
  const expected = describeSsim(key, limit);
  // Identical pictures have a likeness of 1 without measuring it.
  const value = measured ?? (quality.bitExact ? 1 : undefined);
  if (value === undefined) return unknown(expected, 'the likeness of its pictures was not measured');
  return judged(
    value > limit,
    expected,
    `${what} has ${shortNumber(value)} (of ${counted(quality.compared, 'frame')})`,
    key,
  );
}

function judged(holds: boolean, expected: string, seen: string, name: string): Finding {
  return finding(holds, expected, seen, {
    figure: { name, value: seen, promised: expected, verdict: holds ? 'passed' : 'failed' },
  });
}

function describeAll(input: QualityInput): string[] {
  const keys = ['ssim-above', 'mean-ssim-above'] as const;
  return [
    ...(input['bit-exact'] ? [BIT_EXACT] : []),
    ...keys.flatMap((key) => {
      const limit = input[key];
      return limit === undefined ? [] : [describeSsim(key, limit)];
    }),
  ];
}

function describeSsim(key: 'ssim-above' | 'mean-ssim-above', limit: number): string {
  return `${key === 'ssim-above' ? 'SSIM of every frame' : 'mean SSIM'} above ${limit}`;
}
