// Measures a recording: packets once, content once, and from these every measure that was asked for.

import type { Measurements, MeasureName } from '../../model/measurements.ts';
import { analyseFrames, type Published } from './analyse-frames.ts';
import { measureDuration, streamFacts } from './describe-streams.ts';
import { type ContentTrace, readContent } from './read-content.ts';
import { UNREADABLE } from './read-frames.ts';
import { scanPackets } from './scan-packets.ts';

export interface MeasureOptions {
  wanted: readonly MeasureName[];
  /** What was published, when it is known: numbers are then compared with it. */
  published?: Published | undefined;
  signal: AbortSignal;
  /** Length of the segments of `av-sync`. Default 6000. */
  segmentMs?: number | undefined;
}

/** `duration` needs the first readable frame only; a reader that joined late sees it within this many. */
const FRAMES_FOR_START = 90;

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
  const take = <N extends MeasureName>(name: N, needs: ('video' | 'audio')[], measure: () => Measurements[N]) => {
    if (!wanted.has(name)) return;
    const missing = needs.filter((kind) => !scan[kind]);
    if (missing.length > 0) {
      measurements.unmeasured = { ...measurements.unmeasured, [name]: `no ${missing.join(' and no ')} track` };
      return;
    }
    const result = measure();
    if (result !== undefined) measurements[name] = result;
  };
  take('duration', [], () => ({ ...measureDuration(streams), ...fromFirstFrame(content, published) }));
  take('frames', ['video'], () => content.frames && analyseFrames(content.frames, published));
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
  const first = frames?.numbers.view().find((number) => number !== UNREADABLE && number < published.frames);
  if (first === undefined) return { publishedMs: published.durationMs };
  return {
    publishedMs: published.durationMs,
    firstFrame: first,
    publishedFromFirstFrameMs: published.durationMs - (first * 1000) / published.frameRate,
  };
}
