// `content-sync`: how far apart a viewer sees a flash and hears its beep.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField, mustDemand, percentField } from '../../model/fields.ts';
import type { ContentSyncMeasure } from '../../model/measurements.ts';
import { beyondLimitMs, SYNC_LIMITS, SYNC_PRESETS, type SyncLimit } from '../../model/sync-limits.ts';
import type { Finding } from '../combine.ts';
import { counted, lateOrEarly, shortNumber, shortShare, signedMs } from '../words.ts';
import { type MeasureDemand, NO_PAIR, unknown } from './measure-demand.ts';

type NamedLimit = SyncLimit & { words: string };

interface ContentSyncInput {
  within?: NamedLimit | undefined;
  for?: number | undefined;
  'p99-within'?: NamedLimit | undefined;
  'drift-below'?: number | undefined;
}

/** A baseline further off than this means that the instrument, not the pipeline, is being measured. */
const CALIBRATION_MS = 1;

const limitField = z.union(
  [
    z.enum(SYNC_PRESETS).transform((preset): NamedLimit => {
      const { leadMs, lagMs } = SYNC_LIMITS[preset];
      return { leadMs, lagMs, words: `${preset} (${leadMs} ms early to ${lagMs} ms late)` };
    }),
    durationField.transform((ms): NamedLimit => ({ leadMs: ms, lagMs: ms, words: `±${formatDurationMs(ms)}` })),
    z
      .strictObject({
        lead: durationField.describe('How early the sound may be'),
        lag: durationField.describe('How late the sound may be'),
      })
      .transform(
        ({ lead, lag }): NamedLimit => ({
          leadMs: Math.abs(lead),
          lagMs: Math.abs(lag),
          words: `${formatDurationMs(Math.abs(lead))} early to ${formatDurationMs(Math.abs(lag))} late`,
        }),
      ),
  ],
  {
    error: (issue) =>
      `a limit: ${SYNC_PRESETS.join(', ')}, a duration such as 40ms, or { lead: 40ms, lag: 60ms } (got ${JSON.stringify(issue.input)})`,
  },
);

const ppmField = z
  .string({ error: (issue) => `parts per million, such as 17ppm (got ${JSON.stringify(issue.input)})` })
  .regex(/^\d+(\.\d+)?ppm$/, {
    error: (issue) => `parts per million, such as 17ppm (got ${JSON.stringify(issue.input)})`,
  })
  .transform((text) => Number(text.slice(0, -'ppm'.length)));

export const contentSyncDemand: MeasureDemand<ContentSyncInput> = {
  name: 'content-sync',
  schema: z
    .union([
      limitField.transform((within): ContentSyncInput => ({ within })),
      z
        .strictObject({
          within: limitField
            .optional()
            .describe(
              'The hard limit: a preset (atsc 15/45 ms early/late, ebu 40/60, itu-detectable 45/125, itu-acceptable 90/185), a duration either way, or { lead, lag }. One event beyond it breaks the check',
            ),
          for: percentField.optional().describe('In how many of the events `within` must hold. Default 100%'),
          'p99-within': limitField.optional().describe('The limit that 99% of the events must keep'),
          'drift-below': ppmField
            .optional()
            .describe('How fast sound and picture may drift apart: parts per million, such as 17ppm (1 ms a minute)'),
        })
        .superRefine((input, context) => {
          if (input.for !== undefined && input.within === undefined) {
            context.addIssue({ code: 'custom', message: '`for` belongs to `within`', path: ['for'] });
          }
          mustDemand(
            () => (input.within ?? input['p99-within'] ?? input['drift-below']) !== undefined,
            'needs `within`, `p99-within` or `drift-below`',
          )(input, context);
        }),
    ])
    .describe('What a viewer perceives: each flash against its beep. A limit, or a map'),
  describe: (input) => demands(input).join(', '),
  judge(measured, input) {
    const measure = measured['content-sync'];
    const all = demands(input).join(', ');
    if (!measure || measure.events.length === 0)
      return [unknown(all, measured.unmeasured?.['content-sync'] ?? 'no flash and no beep was found in it', NO_PAIR)];
    const calibration = measure.calibration;
    if (calibration && Math.abs(calibration.baselineMs - calibration.rawMs) > CALIBRATION_MS) {
      return [
        unknown(
          all,
          `the instrument is off: it reads ${signedMs(calibration.rawMs)} on the fixture and ${signedMs(calibration.baselineMs)} through a bare relay`,
        ),
      ];
    }
    const findings: Finding[] = calibration ? [calibrated(calibration)] : [];
    if (input.within) findings.push(judgeLimit(measure, input.within, input.for ?? 1, ''));
    if (input['p99-within']) findings.push(judgeLimit(measure, input['p99-within'], 0.99, 'p99 '));
    if (input['drift-below'] !== undefined) findings.push(judgeDrift(measure, input['drift-below']));
    // Offsets that could not be taken are unknown, not good: they do not pass with the others.
    const unmatched = measure.unmatchedFlashes + measure.unmatchedBeeps;
    if (unmatched > 0) {
      findings.push(
        unknown(
          all,
          `${counted(measure.unmatchedFlashes, 'flash', 'flashes')} without a beep and ${counted(measure.unmatchedBeeps, 'beep')} without a flash, beside ${counted(measure.events.length, 'pair')}: their offset is not known`,
          '`frames` and `gaps` show what is missing',
        ),
      );
    }
    return findings;
  },
};

/** What the instrument itself reads, shown beside what it measured. */
function calibrated({ rawMs, baselineMs }: { rawMs: number; baselineMs: number }): Finding {
  const expected = `the instrument within ${CALIBRATION_MS} ms`;
  const difference = signedMs(baselineMs - rawMs);
  const value = `fixture ${signedMs(rawMs)}, through a bare relay ${signedMs(baselineMs)}, difference ${difference}`;
  return {
    verdict: 'passed',
    expected,
    seen: value,
    figure: { name: 'calibration', value, promised: expected, verdict: 'passed' },
  };
}

function judgeLimit(measure: ContentSyncMeasure, limit: NamedLimit, share: number, prefix: string): Finding {
  const { events, errorBoundMs, offset } = measure;
  const expected = describeLimit(limit, share, prefix);
  const beyond = events.filter(({ offsetMs }) => beyondLimitMs(offsetMs, limit) > 0);
  // Beyond the limit by less than the instrument's own error is neither kept nor broken.
  const clearly = events.filter(({ offsetMs }) => beyondLimitMs(offsetMs, limit) > errorBoundMs);
  const mayBeBeyond = Math.floor((1 - share) * events.length + 1e-9);
  const verdict = clearly.length > mayBeBeyond ? 'failed' : beyond.length > mayBeBeyond ? 'inconclusive' : 'passed';
  const worst = events.reduce((a, b) => (beyondLimitMs(b.offsetMs, limit) > beyondLimitMs(a.offsetMs, limit) ? b : a));
  const range = `median ${signedMs(offset.median)}, ${signedMs(offset.min)} to ${signedMs(offset.max)} over ${counted(events.length, 'event')} (+ is late), error at most ${shortNumber(errorBoundMs)} ms`;
  const seen =
    beyond.length === 0
      ? range
      : `${counted(beyond.length, 'event')} of ${events.length} beyond it${verdict === 'inconclusive' ? ', by less than the error of measuring' : ''}; the worst at ${shortNumber(worst.atMs / 1_000)} s of the stream: sound ${lateOrEarly(worst.offsetMs)}; ${range}`;
  return {
    verdict,
    expected,
    seen,
    figure: {
      name: `content-sync${prefix === '' ? '' : ' p99'}`,
      value: `median ${signedMs(offset.median)}, p99 ${signedMs(offset.p99)}, ${signedMs(offset.min)}…${signedMs(offset.max)} (n=${events.length})`,
      promised: expected,
      verdict,
    },
  };
}

/**
 * Decided by the 95 % interval of the slope: wholly beyond the limit is broken, a slope within it kept, unless the interval is
 * so wide (beyond twice the limit) that the slope says nothing.
 */
function judgeDrift({ driftPpm, events }: ContentSyncMeasure, limitPpm: number): Finding {
  const expected = describeDrift(limitPpm);
  const { slope, low, high } = driftPpm;
  const seen = `${shortNumber(Number(slope.toFixed(2)))} ppm (95% interval ${shortNumber(Number(low.toFixed(2)))} to ${shortNumber(Number(high.toFixed(2)))}, ${counted(events.length, 'event')})`;
  if (![slope, low, high].every(Number.isFinite)) return unknown(expected, 'too few events for a drift');
  const broken = low >= limitPpm || high <= -limitPpm;
  const kept = Math.abs(slope) < limitPpm && low > -2 * limitPpm && high < 2 * limitPpm;
  const verdict = broken ? 'failed' : kept ? 'passed' : 'inconclusive';
  return {
    verdict,
    expected,
    seen: verdict === 'inconclusive' ? `${seen}: too uncertain to say` : seen,
    hint: verdict === 'inconclusive' ? 'a longer recording narrows the interval' : undefined,
    figure: { name: 'drift', value: seen, promised: expected, verdict },
  };
}

function demands(input: ContentSyncInput): string[] {
  return [
    ...(input.within ? [describeLimit(input.within, input.for ?? 1, '')] : []),
    ...(input['p99-within'] ? [describeLimit(input['p99-within'], 0.99, 'p99 ')] : []),
    ...(input['drift-below'] === undefined ? [] : [describeDrift(input['drift-below'])]),
  ];
}

function describeLimit({ words }: NamedLimit, share: number, prefix: string): string {
  return `sound against picture ${prefix}within ${words}${share < 1 && prefix === '' ? ` for ${shortShare(share)} of events` : ''}`;
}

function describeDrift(limitPpm: number): string {
  return `drift below ${limitPpm} ppm`;
}
