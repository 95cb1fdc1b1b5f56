// Decodes a recording once and keeps what it says: each frame's number and flash, each beep, each hole, all with both clocks.

import { TestcardError } from '../../model/errors.ts';
import { type Beep, BeepDetector } from './beep-detector.ts';
import { Float64List } from './number-list.ts';
import { PilotWatch, type SampleSpan } from './pilot-watch.ts';
import { FrameReader, type FrameTrace, STRIP_FILTER } from './read-frames.ts';
import type { PacketScan } from './scan-packets.ts';
import { streamTool } from './stream-tool.ts';
import { BANK_RATE_HZ, ToneBank } from './tone-bank.ts';

export interface SoundTrace {
  beeps: Beep[];
  gaps: SampleSpan[];
  pilotFound: boolean;
  /** Decoded blocks: the label clock (PTS, ms) beside the sample clock (samples before the block). */
  blockPtsMs: Float64List;
  blockStart: Float64List;
  samples: number;
}

export interface ContentTrace {
  frames?: FrameTrace;
  sound?: SoundTrace;
  /** What FFmpeg complained of while decoding. */
  complaints: string[];
}

export interface ContentRequest {
  path: string;
  scan: PacketScan;
  video: boolean;
  audio: boolean;
  /** Hashes of whole decoded frames, for comparing pictures. */
  hashes: boolean;
  /** Stop after so many frames. */
  maxFrames?: number;
  signal: AbortSignal;
}

/** Throws RECORDING_CORRUPT when streams that are there decode to nothing. */
export async function readContent(request: ContentRequest): Promise<ContentTrace> {
  const { path, scan, hashes, maxFrames, signal } = request;
  const video = request.video && scan.video !== undefined;
  const audio = request.audio && scan.audio !== undefined;
  if (!video && !audio) return { complaints: [] };
  const frames = new FrameReader();
  const sound = new SoundReader();
  const limit = maxFrames === undefined ? [] : ['-frames:v', String(maxFrames)];
  const readers: ((chunk: Buffer) => void)[] = [];
  const pipe = (read: (chunk: Buffer) => void) => {
    readers.push(read);
    return readers.length === 1 ? 'pipe:1' : `pipe:${readers.length + 1}`;
  };
  const args = ['-loglevel', 'info', '-copyts', '-i', `file:${path}`];
  if (video) {
    const map = ['-map', `0:${scan.video?.index}`, '-fps_mode', 'passthrough', ...limit];
    args.push(
      ...map,
      '-vf',
      STRIP_FILTER,
      '-f',
      'rawvideo',
      '-y',
      pipe((chunk) => frames.takePixels(chunk)),
    );
    if (hashes) {
      // Not a cryptographic hash: nobody attacks, and MD5 of raw 720p would cost more than decoding it.
      args.push(
        ...map,
        '-f',
        'framehash',
        '-hash',
        'murmur3',
        '-y',
        pipe((chunk) => frames.takeHashes(chunk)),
      );
    }
  }
  if (audio) {
    // Resampling would touch the timestamps, so sound that has the right rate already is left alone.
    const resample = scan.audio?.sampleRateHz === BANK_RATE_HZ ? '' : `aresample=${BANK_RATE_HZ},`;
    const filter = `${resample}asettb=AVTB,ashowinfo,aformat=sample_fmts=flt:channel_layouts=mono`;
    args.push(
      '-map',
      `0:${scan.audio?.index}`,
      '-af',
      filter,
      '-f',
      'f32le',
      '-y',
      pipe((chunk) => sound.take(chunk)),
    );
  }
  const result = await streamTool('ffmpeg', args, {
    signal,
    readers,
    onLogLine: (line) => frames.takeLine(line) || sound.takeLine(line) || isBanner(line),
  });
  const trace: ContentTrace = { complaints: result.logTail };
  if (video) trace.frames = frames.finish();
  if (audio) trace.sound = sound.finish();
  const decoded = (trace.frames?.numbers.length ?? 0) + (trace.sound?.samples ?? 0);
  if (decoded === 0 || result.ending === 'stalled') {
    throw new TestcardError('RECORDING_CORRUPT', `${path} could not be decoded: ${result.reason}`, {
      hint: 'Its packets are damaged or incomplete: record again, and look at the recorder’s log for the first complaint.',
      detail: { log: result.logTail },
    });
  }
  return trace;
}

/** Lines that FFmpeg prints at this log level about itself and its streams. */
function isBanner(line: string): boolean {
  return /^\s|^(Input|Output|Stream mapping|Press|\[Parsed_|frame=|size=|video:|\[graph|\[rawvideo|\[framehash)/.test(
    line,
  );
}

const BLOCK_LINE = /^\[Parsed_ashowinfo_\d+ @ [^\]]*\] n:\d+ pts:(-?\d+|NOPTS) .* nb_samples:(\d+) /;

class SoundReader {
  readonly #beeps: Beep[] = [];
  readonly #detector = new BeepDetector((beep) => this.#beeps.push(beep));
  readonly #pilot = new PilotWatch();
  readonly #bank = new ToneBank((pitches, pilot, step) => {
    this.#detector.push(pitches, step);
    this.#pilot.pushReading(pitches, pilot);
  });
  readonly #blockPtsMs = new Float64List();
  readonly #blockStart = new Float64List();
  #labelled = 0;
  #samples = 0;
  readonly #floats = new Float32Array(16_384);
  readonly #bytes = Buffer.from(this.#floats.buffer);
  #filled = 0;

  takeLine(line: string): boolean {
    const match = BLOCK_LINE.exec(line);
    if (!match) return false;
    this.#blockPtsMs.push(match[1] === 'NOPTS' ? Number.NaN : Number(match[1]) / 1000);
    this.#blockStart.push(this.#labelled);
    this.#labelled += Number(match[2]);
    return true;
  }

  take(chunk: Buffer): void {
    // Chunks begin and end anywhere, and a view on floats must be aligned: so they are copied, into one buffer for all.
    for (let from = 0; from < chunk.length; ) {
      const taken = chunk.copy(this.#bytes, this.#filled, from);
      from += taken;
      this.#filled += taken;
      const count = this.#filled >> 2;
      const samples = this.#floats.subarray(0, count);
      this.#bank.push(samples);
      this.#pilot.pushSamples(samples);
      this.#samples += count;
      this.#bytes.copyWithin(0, count * 4, this.#filled);
      this.#filled -= count * 4;
    }
  }

  finish(): SoundTrace {
    return {
      beeps: this.#beeps,
      ...this.#pilot.finish(),
      blockPtsMs: this.#blockPtsMs,
      blockStart: this.#blockStart,
      samples: this.#samples,
    };
  }
}
