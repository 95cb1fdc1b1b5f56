// Measures a recording: packets once, content once, and from these every measure that was asked for.

import type { Measurements, MeasureName } from '../../model/measurements.ts';
import { analyseAvSync } from './analyse-av-sync.ts';
import { analyseContentSync } from './analyse-content-sync.ts';
import { analyseFrames, firstOwnFrame, type Published } from './analyse-frames.ts';
import { analyseGaps } from './analyse-gaps.ts';
import { analyseTimestamps } from './analyse-timestamps.ts';
import { comparePictures } from './compare-pictures.ts';
import { measureDuration, streamFacts } from './describe-streams.ts';
import { type ContentTrace, readContent } from './read-content.ts';
import { scanPackets } from './scan-packets.ts';
import { round3 } from './statistics.ts';

export interface MeasureOptions {
  wanted: readonly MeasureName[];
  /** What was published, when it is known: numbers are then compared with it. */
  published?: Published | undefined;
  signal: AbortSignal;
  /** Length of the segments of `av-sync`. Default 6000. */
  segmentMs?: number | undefined;
  /** What `calibrate` found: its bias is added to the error bound of `content-sync`. */
  calibration?: { rawMs: number; baselineMs: number } | undefined;
}

/** `duration` needs the first readable frame only; a reader that joined late sees it within this many. */
const FRAMES_FOR_START = 90;
const MAX_COMPLAINTS = 10;

/**
 * Measures the file at `path` (FLV, MP4, MKV, TS, NUT …). Memory stays flat, whatever its length. A measure that needs a stream that
 * is not there is left out and named in `unmeasured`. Throws RECORDING_EMPTY, RECORDING_CORRUPT, FFMPEG_MISSING.
 */
export async function measureRecording(path: string, options: MeasureOptions): Promise<Measurements> {
  const startedAt = performance.now();
  const { published, signal } = options;
  const wanted = new Set(options.wanted);
  const scan = await scanPackets(path, signal);
  const content = await readContent({ path, scan, signal, ...neededContent(wanted, published) });
  const streams = streamFacts(scan);
  const measurements: Measurements = {
    file: path,
    sizeBytes: scan.sizeBytes,
    tookMs: 0,
    streams,
  };
  const leaveOut = (name: MeasureName, why: string) => {
    measurements.unmeasured = { ...measurements.unmeasured, [name]: why };
  };
  const { video, audio } = scan;
  const { frames, sound } = content;
  const noVideo = 'no video track';
  const noAudio = 'no audio track';
  if (wanted.has('duration')) {
    measurements.duration = { ...measureDuration(streams), ...fromFirstFrame(content, published) };
  }
  if (wanted.has('timestamps')) measurements.timestamps = analyseTimestamps(scan);
  if (wanted.has('av-sync')) {
    const measured = video && audio && analyseAvSync(video, audio, options.segmentMs ?? 6000);
    if (measured) measurements['av-sync'] = measured;
    else leaveOut('av-sync', video ? (audio ? 'video and audio have no instant in common' : noAudio) : noVideo);
  }
  if (wanted.has('frames')) {
    if (frames) measurements.frames = analyseFrames(frames, published);
    else leaveOut('frames', noVideo);
  }
  if (wanted.has('gaps')) measurements.gaps = analyseGaps(frames, sound, published?.frameRate);
  if (wanted.has('content-sync')) {
    if (frames && sound && video && audio) {
      const resolutionMs = (video.tickMs + audio.tickMs) / 2;
      const context = { resolutionMs, frameRate: published?.frameRate, calibration: options.calibration };
      const measured = analyseContentSync(frames, sound, context);
      if ('unmatched' in measured) leaveOut('content-sync', measured.unmatched);
      else measurements['content-sync'] = measured;
    } else leaveOut('content-sync', frames ? noAudio : noVideo);
  }
  if (wanted.has('quality')) {
    if (!frames) leaveOut('quality', noVideo);
    else if (!published) leaveOut('quality', 'what was published is not known');
    else measurements.quality = await comparePictures(path, scan, frames, published, signal);
  }
  // The addresses in FFmpeg's labels differ from run to run and tell nobody anything.
  const complaints = [...scan.complaints, ...content.complaints].map((line) => line.replace(/ @ 0x[0-9a-f]+/, ''));
  if (complaints.length > 0) measurements.complaints = [...new Set(complaints)].slice(0, MAX_COMPLAINTS);
  measurements.tookMs = Math.round(performance.now() - startedAt);
  return measurements;
}

/** What has to be decoded for the measures wanted. Packets alone are enough for some. */
function neededContent(wanted: Set<MeasureName>, published: Published | undefined) {
  const any = (...names: MeasureName[]) => names.some((name) => wanted.has(name));
  const allFrames = any('frames', 'content-sync', 'gaps', 'quality');
  const firstFrames = !allFrames && any('duration') && published !== undefined;
  return {
    video: allFrames || firstFrames,
    audio: any('content-sync', 'gaps'),
    hashes: any('quality'),
    ...(firstFrames ? { maxFrames: FRAMES_FOR_START } : {}),
  };
}

function fromFirstFrame({ frames }: ContentTrace, published: Published | undefined) {
  if (!published) return {};
  const { firstFrame = 0, lastFrame = published.frames - 1, frameRate } = published;
  const fromFrame = (number: number) => round3(((lastFrame + 1 - number) * 1000) / frameRate);
  const publishedMs = fromFrame(firstFrame);
  const first = frames && firstOwnFrame(frames, published);
  if (first === undefined) return { publishedMs };
  return { publishedMs, firstFrame: first, publishedFromFirstFrameMs: fromFrame(first) };
}
