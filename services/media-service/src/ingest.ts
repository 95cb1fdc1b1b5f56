// The input: an ffmpeg that reads RTSP and hands over copied video as FLV tags and decoded audio as labelled samples,
// both on the source's own clock.

import { type FfmpegExit, startFfmpeg } from './ffmpeg-process.ts';
import { FLV_VIDEO, FlvReader, type FlvTag } from './flv.ts';
import { LabelledPcm, type PcmFormat, type PcmFrame } from './labelled-pcm.ts';

export interface IngestHandlers {
  onVideo: (tag: FlvTag) => void;
  onAudio: (frame: PcmFrame, format: PcmFormat) => void;
}

export interface IngestOptions {
  url: string;
  /** Ends the ingest when the source has sent nothing for so long. Counts only once it has sent something. */
  stallTimeoutMs: number;
}

type Item = { video: FlvTag } | { frame: PcmFrame; format: PcmFormat };

const SAMPLES_FD = 3;
const LABELS_FD = 4;
/**
 * Presentation times as they are; decode times, which RTP does not have, made so small that ffmpeg neither refuses nor changes
 * anything because of them (VideoTimeline makes the real ones); and the time that ffmpeg does not know marked as such.
 */
const RETIME = 'setts=pts=if(eq(PTS\\,NOPTS)\\,-3600/TB\\,PTS):dts=if(eq(PTS\\,NOPTS)\\,-3610/TB\\,PTS-10/TB)';
/** An ffmpeg that waits for a source which never comes ends by itself, in microseconds. */
const SOCKET_TIMEOUT_US = 60_000_000;

export class Ingest {
  readonly #ffmpeg;
  readonly #options: IngestOptions;
  readonly #flv = new FlvReader();
  readonly #pcm = new LabelledPcm();
  #handlers: IngestHandlers | undefined;
  /** What came before anybody was attached. */
  #early: Item[] = [];
  #stallTimer: NodeJS.Timeout | undefined;
  #announceStart: () => void = () => {};
  #started = false;
  #paused = false;
  /** The first media has arrived. */
  readonly started: Promise<void>;
  /** The process is gone and everything it wrote has been handed over. */
  readonly ended: Promise<FfmpegExit>;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.started = new Promise((resolve) => {
      this.#announceStart = resolve;
    });
    const audioFilter = 'aformat=sample_fmts=s16:channel_layouts=stereo|mono';
    const tee = `[f=s16le:flush_packets=1]pipe:${SAMPLES_FD}|[f=framecrc:flush_packets=1]pipe:${LABELS_FD}`;
    this.#ffmpeg = startFfmpeg({
      args: [
        ...['-rtsp_transport', 'tcp', '-timeout', String(SOCKET_TIMEOUT_US)],
        ...['-analyzeduration', '1000000', '-fpsprobesize', '0', '-i', options.url, '-copyts'],
        ...['-map', '0:v:0', '-c:v', 'copy', '-bsf:v', RETIME, '-avoid_negative_ts', 'disabled'],
        ...['-flvflags', 'no_duration_filesize', '-flush_packets', '1', '-f', 'flv', 'pipe:1'],
        ...['-map', '0:a:0', '-af', audioFilter, '-c:a', 'pcm_s16le', '-avoid_negative_ts', 'disabled'],
        ...['-f', 'tee', tee],
      ],
      stdin: 'ignore',
      stdout: 'pipe',
      extraPipes: 2,
    });
    const [video, samples, labels] = this.#pipes();
    video?.on('data', (chunk: Buffer) => {
      for (const tag of this.#flv.push(chunk)) if (tag.type === FLV_VIDEO) this.#hand({ video: tag });
    });
    samples?.on('data', (chunk: Buffer) => this.#handFrames(this.#pcm.pushSamples(chunk)));
    labels?.on('data', (chunk: Buffer) => this.#handFrames(this.#pcm.pushLabels(chunk.toString('latin1'))));
    const drained = this.#pipes().map((pipe) => new Promise<void>((resolve) => pipe.once('close', resolve)));
    this.ended = Promise.all([this.#ffmpeg.exited, ...drained]).then(([exit]) => {
      clearTimeout(this.#stallTimer);
      return exit;
    });
  }

  get hasStarted(): boolean {
    return this.#started;
  }

  attach(handlers: IngestHandlers): void {
    this.#handlers = handlers;
    for (const item of this.#early.splice(0)) this.#hand(item);
  }

  /** Stops reading, so that ffmpeg, and in the end the source, has to wait. */
  setPaused(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    for (const pipe of this.#pipes()) {
      if (paused) pipe.pause();
      else pipe.resume();
    }
    this.#watchForStall();
  }

  stop(): void {
    this.setPaused(false);
    this.#ffmpeg.stop();
  }

  kill(): void {
    this.setPaused(false);
    this.#ffmpeg.kill();
  }

  #pipes() {
    const { stdout } = this.#ffmpeg;
    return [...(stdout ? [stdout] : []), this.#ffmpeg.pipe(SAMPLES_FD), this.#ffmpeg.pipe(LABELS_FD)];
  }

  #handFrames(frames: PcmFrame[]): void {
    const format = this.#pcm.format;
    if (format) for (const frame of frames) this.#hand({ frame, format });
  }

  #hand(item: Item): void {
    if (!this.#started) {
      this.#started = true;
      this.#announceStart();
    }
    this.#watchForStall();
    if (!this.#handlers) this.#early.push(item);
    else if ('video' in item) this.#handlers.onVideo(item.video);
    else this.#handlers.onAudio(item.frame, item.format);
  }

  #watchForStall(): void {
    clearTimeout(this.#stallTimer);
    if (!this.#paused) this.#stallTimer = setTimeout(() => this.#ffmpeg.stop(), this.#options.stallTimeoutMs);
  }
}
