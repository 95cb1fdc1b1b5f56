// Measurements of one recording, for people.

import Table from 'cli-table3';
import { formatDurationMs } from '../base/duration.ts';
import type { Distribution, Measurements, StreamFacts } from '../model/measurements.ts';

/** A table with one row a measure; what could not be measured says why. */
export function renderMeasurements(measured: Measurements): string {
  const table = new Table({
    head: ['measure', 'result'],
    style: { head: [], border: [], compact: true },
    wordWrap: true,
  });
  for (const stream of measured.streams) table.push([`stream ${stream.index}`, streamText(stream)]);
  for (const [name, text] of rows(measured)) table.push([name, text]);
  for (const [name, reason] of Object.entries(measured.unmeasured ?? {})) table.push([name, `not measured: ${reason}`]);
  const size = `${(measured.sizeBytes / 1e6).toFixed(1)} MB, measured in ${formatDurationMs(measured.tookMs)}`;
  return `${measured.file} (${size})\n${table.toString()}`;
}

function rows(measured: Measurements): [string, string][] {
  const found: [string, string | undefined][] = [
    ['duration', durationText(measured)],
    ['frames', framesText(measured)],
    ['content-sync', contentSyncText(measured)],
    ['av-sync', avSyncText(measured)],
    ['gaps', gapsText(measured)],
    ['timestamps', timestampsText(measured)],
    ['quality', qualityText(measured)],
  ];
  return found.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]));
}

function streamText(stream: StreamFacts): string {
  const picture = stream.width ? ` ${stream.width}x${stream.height} at ${stream.frameRate} fps` : '';
  const sound = stream.sampleRateHz ? ` ${stream.sampleRateHz} Hz, ${stream.channels} channels` : '';
  const span = `${ms(stream.startMs)} to ${ms(stream.endMs)}`;
  return `${stream.kind} ${stream.codec}${picture}${sound}, ${stream.packets} packets, ${span}`;
}

function durationText({ duration }: Measurements): string | undefined {
  if (!duration) return undefined;
  const published =
    duration.publishedFromFirstFrameMs === undefined
      ? ''
      : `; published from the first frame seen (number ${duration.firstFrame}): ${ms(duration.publishedFromFirstFrameMs)}`;
  return `${ms(duration.totalMs)}${published}`;
}

function framesText({ frames }: Measurements): string | undefined {
  if (!frames) return undefined;
  const ends =
    frames.missingAtStart === undefined
      ? ''
      : `, missing at start ${frames.missingAtStart}, at end ${frames.missingAtEnd}`;
  const stale = frames.stale ? `, of another run ${frames.stale}` : '';
  return `${frames.total} decoded: lost ${frames.lost}, duplicated ${frames.duplicated}, backward ${frames.backward}, unreadable ${frames.unreadable}${stale}${ends}`;
}

function contentSyncText({ 'content-sync': sync }: Measurements): string | undefined {
  if (!sync) return undefined;
  const { slope, low, high } = sync.driftPpm;
  const unmatched = `unmatched: ${sync.unmatchedFlashes} flashes, ${sync.unmatchedBeeps} beeps`;
  const calibration = sync.calibration
    ? `\ncalibration: raw fixture ${signed(sync.calibration.rawMs)} ms, reference path ${signed(sync.calibration.baselineMs)} ms`
    : '';
  return [
    `${distribution(sync.offset)} (+ is sound late), error ≤ ${sync.errorBoundMs} ms`,
    `drift ${slope.toFixed(1)} ppm (95 %: ${low.toFixed(1)} to ${high.toFixed(1)}), ${unmatched}${calibration}`,
  ].join('\n');
}

function distribution(d: Distribution): string {
  return `n ${d.n}, median ${signed(d.median)}, p5 ${signed(d.p5)}, p95 ${signed(d.p95)}, p99 ${signed(d.p99)}, min ${signed(d.min)}, max ${signed(d.max)} ms`;
}

function avSyncText({ 'av-sync': sync }: Measurements): string | undefined {
  if (!sync) return undefined;
  return `${sync.segments.length} segments of ${ms(sync.segmentMs)}, largest difference of PTS ${sync.maxAbsDeltaMs.toFixed(1)} ms (timestamps only: cannot see lip sync)`;
}

function gapsText({ gaps }: Measurements): string | undefined {
  if (!gaps) return undefined;
  const list = (name: string, all: { atMs: number; durationMs: number }[]) => {
    const first = all.slice(0, 3).map(({ atMs, durationMs }) => `${ms(durationMs)} at ${ms(atMs)}`);
    return `${name} ${all.length}${first.length > 0 ? ` (${first.join(', ')}${all.length > 3 ? ', …' : ''})` : ''}`;
  };
  const parts = [list('freezes', gaps.freezes), list('video', gaps.video), list('audio', gaps.audio)];
  return `${parts.join(', ')}${gaps.pilotFound ? '' : ' (no pilot tone: only digital silence is seen)'}`;
}

function timestampsText({ timestamps }: Measurements): string | undefined {
  if (!timestamps) return undefined;
  const clocks =
    timestamps.clockDisagreementMs === undefined
      ? ''
      : `, label clock against sample count ${timestamps.clockDisagreementMs.toFixed(2)} ms`;
  const skew = timestamps.startSkewMs === undefined ? '' : `, start skew ${signed(timestamps.startSkewMs)} ms`;
  const issues = timestamps.issues.slice(0, 5).map((issue) => `\n${issue.kind} at ${ms(issue.atMs)}: ${issue.detail}`);
  return `${timestamps.monotonic ? 'monotonic' : 'NOT monotonic'}, largest jump ${ms(timestamps.largestJumpMs)}${clocks}${skew}${issues.join('')}`;
}

function qualityText({ quality }: Measurements): string | undefined {
  if (!quality) return undefined;
  if (quality.bitExact) return `bit-exact: ${quality.identical} of ${quality.compared} frames`;
  const ssim =
    quality.ssimMean === undefined
      ? ''
      : `, SSIM mean ${quality.ssimMean.toFixed(4)}, worst ${quality.ssimMin?.toFixed(4)}`;
  return `${quality.identical} of ${quality.compared} frames identical${ssim}`;
}

const ms = (value: number) => formatDurationMs(value);
const signed = (value: number) => `${value >= 0 ? '+' : ''}${value.toFixed(2)}`;
