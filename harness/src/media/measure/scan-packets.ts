// Reads every packet's timestamps out of a recording, without decoding, as ffprobe prints them line by line.

import { stat } from 'node:fs/promises';
import { splitLines } from '../../base/lines.ts';
import { TestcardError } from '../../model/errors.ts';
import { Float64List, Uint8List } from './number-list.ts';
import { streamTool } from './stream-tool.ts';

/** One stream's packets in file order. Times are ms on the stream's own clock, wraps undone; NaN where there is none. */
export interface PacketTrack {
  kind: 'video' | 'audio';
  index: number;
  codec: string;
  /** Length of one timestamp tick, ms. */
  tickMs: number;
  ptsMs: Float64List;
  dtsMs: Float64List;
  durationMs: Float64List;
  /** 1 where the container says that the packet is decoded but not presented (AAC priming in MP4). */
  discard: Uint8List;
  keyframe: Uint8List;
  wraps: number;
  width?: number;
  height?: number;
  /** As the container declares it. */
  frameRate?: number;
  sampleRateHz?: number;
  channels?: number;
  /** Greatest reordering depth that the codec declares. */
  bFrames?: number;
}

export interface PacketScan {
  sizeBytes: number;
  /** ffprobe's name of the container: `flv`, `mpegts`. */
  format: string;
  /** The first stream of each kind, which is what is measured. */
  video?: PacketTrack;
  audio?: PacketTrack;
  /** Complaints of the demuxer; the recording may be damaged where there are any. */
  complaints: string[];
}

const ENTRIES =
  'packet=stream_index,pts,dts,duration,flags:format=format_name:' +
  'stream=index,codec_type,codec_name,time_base,avg_frame_rate,r_frame_rate,width,height,sample_rate,channels,has_b_frames';

/** Throws RECORDING_EMPTY (no file, no bytes, no packets), RECORDING_CORRUPT (not readable as media), FFMPEG_MISSING. */
export async function scanPackets(path: string, signal: AbortSignal): Promise<PacketScan> {
  const sizeBytes = await sizeOf(path);
  const collector = new PacketCollector();
  const lines = splitLines((line) => collector.take(line), 4096);
  const result = await streamTool(
    'ffprobe',
    // Timestamps as they are in the file: wraps are undone here, where they can be counted.
    ['-v', 'error', '-correct_ts_overflow', '0', '-show_entries', ENTRIES, '-of', 'compact', `file:${path}`],
    { signal, readers: [(chunk) => lines.push(chunk)] },
  );
  lines.end();
  if (result.exitCode !== 0 || result.ending === 'stalled') {
    throw new TestcardError('RECORDING_CORRUPT', `${path} cannot be read as a recording: ${result.reason}`, {
      hint: 'Was its recorder killed while writing? Record to FLV, MKV or TS, which survive that, and record again.',
      detail: { log: result.logTail, sizeBytes },
    });
  }
  const { video, audio, format } = collector.finish();
  if (!video && !audio) {
    throw new TestcardError('RECORDING_EMPTY', `${path} holds no audio or video packet (${sizeBytes} bytes)`, {
      hint: 'Nothing was published while it was recorded: look at the publisher and at the log of the service that it went through.',
    });
  }
  return {
    sizeBytes,
    format,
    ...(video ? { video } : {}),
    ...(audio ? { audio } : {}),
    complaints: result.logTail,
  };
}

async function sizeOf(path: string): Promise<number> {
  let size: number;
  try {
    size = (await stat(path)).size;
  } catch (cause) {
    throw new TestcardError('RECORDING_EMPTY', `there is no recording at ${path}`, {
      cause,
      hint: 'Nothing was recorded: was the stream ever readable?',
    });
  }
  if (size === 0) {
    throw new TestcardError('RECORDING_EMPTY', `${path} is empty (0 bytes)`, {
      hint: 'The stream was opened but nothing came: look at the publisher and at the service that it went through.',
    });
  }
  return size;
}

interface RawTrack {
  pts: Float64List;
  dts: Float64List;
  duration: Float64List;
  discard: Uint8List;
  keyframe: Uint8List;
}

/** Packets come before the streams that they belong to, so ticks are kept until the time bases are known. */
class PacketCollector {
  #raw = new Map<number, RawTrack>();
  #streams: Record<string, string>[] = [];
  #format = '';

  take(line: string): void {
    const fields = fieldsOf(line);
    if (line.startsWith('packet|')) this.#packet(fields);
    else if (line.startsWith('stream|')) this.#streams.push(fields);
    else if (line.startsWith('format|')) this.#format = fields.format_name ?? '';
  }

  #packet(fields: Record<string, string>): void {
    const index = Number(fields.stream_index);
    let raw = this.#raw.get(index);
    if (!raw) {
      raw = {
        pts: new Float64List(),
        dts: new Float64List(),
        duration: new Float64List(),
        discard: new Uint8List(),
        keyframe: new Uint8List(),
      };
      this.#raw.set(index, raw);
    }
    raw.pts.push(Number(fields.pts)); // `N/A` becomes NaN
    raw.dts.push(Number(fields.dts));
    raw.duration.push(Number(fields.duration));
    raw.discard.push(fields.flags?.includes('D') ? 1 : 0);
    raw.keyframe.push(fields.flags?.includes('K') ? 1 : 0);
  }

  finish(): { video?: PacketTrack; audio?: PacketTrack; format: string } {
    const period = wrapTicks(this.#format);
    const found = (['video', 'audio'] as const).flatMap((kind) => {
      const fields = this.#streams.find((each) => each.codec_type === kind && this.#raw.has(Number(each.index)));
      const raw = fields && this.#raw.get(Number(fields.index));
      return fields && raw ? [{ kind, fields, raw, ...unwrap(raw, period) }] : [];
    });
    // What starts within a minute of the wrap is moved before zero, as libavformat does, so that times agree with those of
    // decoded frames.
    const nearWrap = (tick: number) => period !== undefined && tick > period - 60 / ratio(found[0]?.fields.time_base);
    const moved = found.some(({ wraps, first }) => wraps > 0 && nearWrap(first));
    const tracks = found.map(({ kind, fields, raw, wraps, first }) =>
      trackOf(kind, fields, raw, wraps, moved && period !== undefined && first > period / 2 ? -period : 0),
    );
    const [video, audio] = [tracks.find((each) => each.kind === 'video'), tracks.find((each) => each.kind === 'audio')];
    return { format: this.#format, ...(video ? { video } : {}), ...(audio ? { audio } : {}) };
  }
}

/** `packet|pts=1|dts=2` → { pts: '1', dts: '2' }. None of the values asked for can hold a bar. */
function fieldsOf(line: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const part of line.split('|')) {
    const at = part.indexOf('=');
    if (at > 0) fields[part.slice(0, at)] = part.slice(at + 1);
  }
  return fields;
}

/** Timestamps count modulo this in the container; undefined when they do not wrap within any real recording. */
function wrapTicks(format: string): number | undefined {
  if (format.includes('mpegts') || format === 'mpeg') return 2 ** 33; // ISO/IEC 13818-1, 2.4.3.7
  if (format.includes('flv')) return 2 ** 32;
  return undefined;
}

function trackOf(
  kind: 'video' | 'audio',
  fields: Record<string, string>,
  raw: RawTrack,
  wraps: number,
  offset: number,
): PacketTrack {
  const tickMs = ratio(fields.time_base) * 1000;
  const scaled = (list: Float64List, shift: number) => {
    const scaledList = new Float64List();
    for (const value of list.view()) scaledList.push(roundToUs((value + shift) * tickMs));
    return scaledList;
  };
  const frameRate = ratio(fields.avg_frame_rate) || ratio(fields.r_frame_rate);
  return {
    kind,
    index: Number(fields.index),
    codec: fields.codec_name ?? 'unknown',
    tickMs,
    ptsMs: scaled(raw.pts, offset),
    dtsMs: scaled(raw.dts, offset),
    durationMs: scaled(raw.duration, 0),
    discard: raw.discard,
    keyframe: raw.keyframe,
    wraps,
    ...(kind === 'video'
      ? {
          width: Number(fields.width),
          height: Number(fields.height),
          bFrames: Number(fields.has_b_frames) || 0,
          ...(frameRate > 0 ? { frameRate } : {}),
        }
      : { sampleRateHz: Number(fields.sample_rate), channels: Number(fields.channels) }),
  };
}

/** Ticks of 1/90000 s and the like are no round numbers of ms; a thousandth is finer than any of them. */
function roundToUs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function ratio(text: string | undefined): number {
  const [over = 0, under = 1] = (text ?? '0/1').split('/').map(Number);
  return under === 0 ? 0 : over / under;
}

/** Makes timestamps continue through a wrap, in place. */
function unwrap(raw: RawTrack, period: number | undefined): { wraps: number; first: number } {
  const [pts, dts] = [raw.pts.view(), raw.dts.view()];
  const first = Number.isNaN(raw.dts.at(0)) ? raw.pts.at(0) : raw.dts.at(0);
  if (period === undefined) return { wraps: 0, first };
  let turns = 0;
  let wraps = 0;
  let last = Number.NaN;
  for (let i = 0; i < pts.length; i += 1) {
    const rawDts = dts[i] as number;
    if (!Number.isNaN(rawDts)) {
      if (rawDts - last < -period / 2) {
        turns += 1;
        wraps += 1;
      } else if (rawDts - last > period / 2 && turns > 0) turns -= 1; // a packet from before the wrap that came late
      last = rawDts;
      dts[i] = rawDts + turns * period;
    }
    let shownAt = (pts[i] as number) + turns * period;
    const decodedAt = dts[i] as number;
    // With B-frames the PTS of a packet wraps some packets before its DTS does.
    if (decodedAt - shownAt > period / 2) shownAt += period;
    else if (shownAt - decodedAt > period / 2) shownAt -= period;
    pts[i] = shownAt;
  }
  return { wraps, first };
}
