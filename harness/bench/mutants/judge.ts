// Judges a recording as a strict suite would: what is expected of a pipeline that copies pictures and sound without a fault.

import type { Measurements, MeasureName } from '../../src/model/measurements.ts';
import { beyondLimitMs, SYNC_LIMITS } from '../../src/model/sync-limits.ts';

type Judge = (measured: Measurements) => string[];

/** For each measure, what is wrong; nothing when it accepts. A measure without data is wrong too. */
export const STRICT: Record<Exclude<MeasureName, 'streams'>, Judge> = {
  duration: ({ duration }) => {
    if (!duration) return ['no data'];
    const off = Math.abs((duration.videoMs ?? 0) - (duration.publishedFromFirstFrameMs ?? 0));
    return off > 200 ? [`${off.toFixed(0)} ms off`] : [];
  },
  frames: ({ frames }) => {
    if (frames?.first === undefined) return ['no data'];
    const counts = { ...frames, stale: frames.stale ?? 0 };
    const kinds = ['lost', 'duplicated', 'backward', 'unreadable', 'stale'] as const;
    return kinds.filter((kind) => counts[kind] > 0).map((kind) => `${counts[kind]} ${kind}`);
  },
  'content-sync': (measured) => {
    const sync = measured['content-sync'];
    if (!sync) return [measured.unmeasured?.['content-sync'] ?? 'no data'];
    const wrong: string[] = [];
    // The instrument's own error is not held against the pipeline.
    const beyond = (offset: number, limit: { leadMs: number; lagMs: number }) =>
      beyondLimitMs(offset, limit) > sync.errorBoundMs;
    const { p99, p5, max, min } = sync.offset;
    if (beyond(p99, SYNC_LIMITS.atsc) || beyond(p5, SYNC_LIMITS.atsc)) wrong.push(`p5/p99 ${p5}/${p99} ms`);
    if (beyond(max, SYNC_LIMITS.ebu) || beyond(min, SYNC_LIMITS.ebu)) wrong.push(`up to ${min}/${max} ms`);
    const { slope, low, high } = sync.driftPpm;
    if (low > 17 || high < -17) wrong.push(`drift ${slope.toFixed(0)} ppm`);
    if (sync.unmatchedFlashes > 0) wrong.push(`${sync.unmatchedFlashes} flashes without beep`);
    if (sync.unmatchedBeeps > 0) wrong.push(`${sync.unmatchedBeeps} beeps without flash`);
    return wrong;
  },
  gaps: ({ gaps }) => {
    if (!gaps?.pilotFound) return ['no data'];
    const longest = (list: { durationMs: number }[]) => Math.max(0, ...list.map((each) => each.durationMs));
    return [
      ...(gaps.freezes.length > 0 ? [`freeze ${longest(gaps.freezes).toFixed(0)} ms`] : []),
      ...(gaps.video.length > 0 ? [`${gaps.video.length} video gaps`] : []),
      ...(longest(gaps.audio) > 10 ? [`sound gap ${longest(gaps.audio).toFixed(1)} ms`] : []),
    ];
  },
  timestamps: ({ timestamps }) => {
    if (!timestamps) return ['no data'];
    return [
      ...(timestamps.monotonic ? [] : ['DTS not monotonic']),
      ...(timestamps.largestJumpMs > 100 ? [`jump ${timestamps.largestJumpMs.toFixed(0)} ms`] : []),
      ...((timestamps.clockDisagreementMs ?? 0) > 2
        ? [`clocks ${timestamps.clockDisagreementMs?.toFixed(1)} ms apart`]
        : []),
      ...timestamps.perStream.flatMap(({ ptsBeforeDts, overlaps }) => [
        ...(ptsBeforeDts > 0 ? [`${ptsBeforeDts} PTS before DTS`] : []),
        ...(overlaps > 0 ? [`${overlaps} overlaps`] : []),
      ]),
    ];
  },
  quality: ({ quality }) => {
    if (!quality || quality.compared === 0) return ['no data'];
    return quality.bitExact ? [] : [`${quality.identical}/${quality.compared} exact, SSIM ≥ ${quality.ssimMin}`];
  },
  // What such suites ask: the nearest timestamps within 120 ms in 95 % of the segments.
  'av-sync': (measured) => {
    const table = measured['av-sync'];
    if (!table || table.segments.length === 0) return ['no data'];
    const within = table.segments.filter((each) => Math.abs(each.deltaMs) < 120).length;
    return within / table.segments.length >= 0.95 ? [] : [`${within} of ${table.segments.length} within 120 ms`];
  },
};

export const JUDGED = Object.keys(STRICT) as (keyof typeof STRICT)[];
