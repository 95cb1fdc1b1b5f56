// One source from its first frame to the last published one: wires ingest, segments, STS and output together.

import { AudioLine } from './audio-line.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import { type Clock, settledWithin } from './clock.ts';
import type { Config } from './config.ts';
import { Dubber } from './dubber.ts';
import { WorkerFailure } from './exit-codes.ts';
import { type FlvTag, readVideoTag } from './flv.ts';
import { decodeFragment, encodeFragment } from './fragment-codec.ts';
import type { Ingest } from './ingest.ts';
import type { PcmFormat, PcmFrame } from './labelled-pcm.ts';
import type { Log } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { Output } from './output.ts';
import { Segmenter } from './segmenter.ts';
import { StsConnection } from './sts-connection.ts';
import { type TimedFrame, UNKNOWN_BEFORE_MS, VideoTimeline } from './video-timeline.ts';

export interface StreamSessionOptions {
  config: Config;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  breaker: CircuitBreaker;
  ingest: Ingest;
  /** The output of the session before has been closed: RTMP allows one publisher a path. */
  outputFree: Promise<void>;
  /** The session before has said the last it has to say to the STS, so that sessions follow each other there. */
  stsFree: Promise<void>;
  onFailure: (failure: WorkerFailure) => void;
}

/** Sound this far behind the picture is not coming: silence takes its place, a second at a time. */
const AUDIO_MISSING_MS = 3000;
const AUDIO_FILL_TO_MS = 2000;
/**
 * A source that continues on another timeline is another source: the session ends, and the next begins there. Forwards a hole may be long;
 * backwards, reordering alone goes less than a second.
 */
const MAX_VIDEO_BREAK_MS = 30_000;
const MAX_VIDEO_RETURN_MS = 2000;
/** A source whose audio track is announced but carries nothing. */
const NO_AUDIO_TIMEOUT_MS = 10_000;
const COMPLETE_TIMEOUT_MS = 1000;

interface Running {
  pcm: PcmFormat;
  originMs: number;
  line: AudioLine;
  segmenter: Segmenter;
  dubber: Dubber;
  connection: StsConnection;
  output: Output;
  completed: Promise<void>;
}

export class StreamSession {
  readonly #options: StreamSessionOptions;
  #running: Running | undefined;
  #stopped = false;
  /** Until both tracks have begun. */
  #earlyVideo: FlvTag[] = [];
  #earlyAudio: PcmFrame[] = [];
  readonly #timeline = new VideoTimeline((frame) => this.#onFrame(frame));
  #keyframeSeen = false;
  /** Of the first picture. */
  #originMs: number | undefined;
  #lastPtsMs: number | undefined;
  #timelineLeft = false;
  #pairing: Promise<void>;
  /** The source has ended, and all of it is in segments. */
  readonly sourceEnded: Promise<void>;
  /** The output is closed too. */
  readonly closed: Promise<void>;
  /** Nothing more will be sent to the STS but acknowledgements. */
  readonly stsReleased: Promise<void>;
  #releaseSts: () => void = () => {};

  constructor(options: StreamSessionOptions) {
    this.#options = options;
    this.#pairing = options.outputFree;
    this.stsReleased = new Promise((resolve) => {
      this.#releaseSts = resolve;
    });
    options.log.info('ingest started');
    options.ingest.attach({ onVideo: (tag) => this.#onVideo(tag), onAudio: (frame, pcm) => this.#onAudio(frame, pcm) });
    this.sourceEnded = options.ingest.ended.then((exit) => {
      options.log.info(
        { ffmpeg_exit_code: exit.exitCode, ...(exit.exitCode === 0 ? {} : { error: exit.lastLine }) },
        'source ended',
      );
      this.#timeline.end();
      this.#running?.line.end();
      this.#running?.segmenter.end();
    });
    this.closed = this.sourceEnded.then(() => this.#finish()).finally(() => this.#releaseSts());
  }

  /** Ends now, unpublishing properly. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#options.ingest.kill();
    this.#running?.connection.close();
    await this.#running?.output.abort();
  }

  /** Ends at once, whatever is lost. */
  kill(): void {
    this.#stopped = true;
    this.#options.ingest.kill();
    this.#running?.connection.close();
    this.#running?.output.kill();
  }

  #onVideo(tag: FlvTag): void {
    const { kind, keyframe, ptsMs } = readVideoTag(tag);
    if (kind === 'end' || this.#timelineLeft) return;
    if (kind === 'frame' && ptsMs >= UNKNOWN_BEFORE_MS && this.#leavesTimeline(ptsMs)) return;
    // Frames before the first keyframe show nothing.
    this.#keyframeSeen ||= kind === 'frame' && keyframe;
    if (this.#keyframeSeen || kind === 'config') this.#timeline.push(tag);
  }

  /** Looked at as frames come in: what is held back of the old timeline must not be given times of the new one. */
  #leavesTimeline(ptsMs: number): boolean {
    const advanceMs = ptsMs - (this.#lastPtsMs ?? ptsMs);
    this.#timelineLeft = advanceMs > MAX_VIDEO_BREAK_MS || advanceMs < -MAX_VIDEO_RETURN_MS;
    if (this.#timelineLeft) {
      this.#options.log.warn({ from_ms: this.#lastPtsMs, to_ms: ptsMs }, 'video timestamps jumped');
      this.#options.ingest.stop();
    }
    this.#lastPtsMs = ptsMs;
    return this.#timelineLeft;
  }

  #onFrame({ tag, ptsMs }: TimedFrame): void {
    if (this.#running) {
      this.#running.output.video(tag);
      this.#fillMissingAudio(this.#running, ptsMs);
      this.#bound(this.#running);
      return;
    }
    this.#earlyVideo.push(tag);
    if (Number.isNaN(ptsMs)) return;
    this.#originMs ??= ptsMs;
    if (ptsMs - this.#originMs > NO_AUDIO_TIMEOUT_MS) {
      this.#options.onFailure(
        new WorkerFailure('source-unsupported', 'audio track required for dubbing', { reason: 'it is silent' }),
      );
    }
  }

  #onAudio(frame: PcmFrame, pcm: PcmFormat): void {
    if (this.#timelineLeft) return;
    if (this.#running) {
      this.#running.line.push(frame);
      return;
    }
    this.#earlyAudio.push(frame);
    if (this.#originMs === undefined || this.#stopped) return;
    this.#running = this.#start(pcm, this.#originMs);
    for (const tag of this.#earlyVideo.splice(0)) this.#running.output.video(tag);
    for (const early of this.#earlyAudio.splice(0)) this.#running.line.push(early);
  }

  #start(pcm: PcmFormat, originMs: number): Running {
    const { breaker, clock, config, log, metrics, onFailure } = this.#options;
    log.info({ sample_rate_hz: pcm.sampleRateHz, channels: pcm.channels, origin_ms: originMs }, 'stream started');
    const fail = (failure: WorkerFailure): void => {
      if (!this.#stopped) onFailure(failure);
    };
    let markComplete = (): void => {};
    const completed = new Promise<void>((resolve) => {
      markComplete = resolve;
    });
    const connection = new StsConnection({
      url: config.stsUrl,
      init: {
        stream_id: config.streamId,
        worker_id: config.workerId,
        config: {
          source_language: config.sourceLanguage,
          target_language: config.targetLanguage,
          voice_profile: config.voiceProfile,
          chunk_duration_ms: config.segmentDurationMs,
          sample_rate_hz: pcm.sampleRateHz,
          channels: pcm.channels,
          format: config.fragmentFormat,
        },
        max_inflight: config.maxInflight,
        timeout_ms: config.fragmentTimeoutMs,
      },
      connectTimeoutMs: config.stsConnectTimeoutMs,
      clock,
      log,
      onReady: (ready) => {
        log.info({ session_id: ready.session_id, max_inflight: ready.max_inflight }, 'sts session started');
        dubber.sessionStarted(ready.max_inflight);
      },
      onLost: () => dubber.sessionLost(),
      onReconnected: () => metrics.reconnections.inc(),
      onGaveUp: () =>
        fail(new WorkerFailure('sts-lost', 'sts could not be reached again, giving up', { url: config.stsUrl })),
      onProcessed: (message) => dubber.processed(message),
      onBackpressure: (message) => dubber.backPressure(message),
      onError: (message) => dubber.error(message),
      onComplete: markComplete,
    });
    const dubber = new Dubber({
      streamId: config.streamId,
      pcm,
      maxInflight: config.maxInflight,
      timeoutMs: config.fragmentTimeoutMs,
      channel: connection,
      breaker,
      encode: (samples) => encodeFragment(samples, pcm, config.fragmentFormat),
      decode: (audio, source) => decodeFragment(audio, source, pcm),
      clock,
      log,
      metrics,
      originMs,
    });
    const output = new Output({
      url: config.rtmpUrl,
      pcm,
      originMs,
      timestampOffsetMs: config.outputTimestampOffsetMs,
      lagMarginMs: config.outputLagMarginMs,
      audioBitrateKbps: config.outputAudioBitrateKbps,
      clock,
      log,
      metrics,
      onFailure: (message, detail) => fail(new WorkerFailure('publish-failed', message, detail)),
      onProgress: () => {
        if (this.#running) this.#bound(this.#running);
      },
    });
    const segmenter = new Segmenter({
      ...pcm,
      segmentDurationMs: config.segmentDurationMs,
      onSegment: (segment) => {
        const dubbed = dubber.dub(segment);
        this.#pairing = this.#pairing.then(async () => {
          if (this.#stopped) return;
          output.open();
          const result = await dubbed;
          if (!this.#stopped) output.pair(result);
        });
      },
    });
    const line = new AudioLine({
      ...pcm,
      originMs,
      emit: (samples) => segmenter.push(samples),
      onEvent: ({ kind, atMs, durationMs }) => {
        log.info({ at_ms: Math.round(atMs), duration_ms: Math.round(durationMs * 10) / 10 }, `audio ${kind}`);
        if (kind === 'timestamps jumped') this.#options.ingest.stop();
      },
    });
    void this.#options.stsFree.then(() => connection.open());
    return { pcm, originMs, line, segmenter, dubber, connection, output, completed };
  }

  #fillMissingAudio({ line, originMs, pcm }: Running, videoPtsMs: number): void {
    const audioMs = (line.position * 1000) / pcm.sampleRateHz;
    const videoMs = videoPtsMs - originMs;
    if (videoMs - audioMs <= AUDIO_MISSING_MS) return;
    line.fillUntil(Math.round(((videoMs - AUDIO_FILL_TO_MS) * pcm.sampleRateHz) / 1000));
  }

  /** Memory is bounded by making the source wait. */
  #bound({ output }: Running): void {
    const { config, ingest } = this.#options;
    if (output.bufferedMs > config.maxBufferedMs) ingest.setPaused(true);
    else if (output.bufferedMs < config.maxBufferedMs * 0.8) ingest.setPaused(false);
  }

  async #finish(): Promise<void> {
    const running = this.#running;
    if (!running || this.#stopped) return;
    const { dubber, connection, output, completed } = running;
    const { clock, config, log } = this.#options;
    const stsDone = dubber.allSent().then(async () => {
      connection.send('stream:end', { stream_id: config.streamId, reason: 'source ended' });
      this.#releaseSts();
      await dubber.allSettled();
      if (connection.ready) await settledWithin(clock, completed, COMPLETE_TIMEOUT_MS);
      connection.close();
    });
    await this.#pairing;
    if (this.#stopped) return;
    await Promise.all([stsDone, output.finish()]);
    if (!this.#stopped) log.info('stream finished');
  }
}
