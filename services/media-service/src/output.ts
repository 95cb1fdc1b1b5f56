// The published side of one stream: paired audio through one encoder, merged with its video, paced, and sent.

import { AAC_FRAME_SAMPLES, AudioEncoder } from './audio-encoder.ts';
import { smoothJoin } from './audio-fitting.ts';
import type { Clock } from './clock.ts';
import type { DubbedSegment } from './dubber.ts';
import { aacConfigTag, aacFrameTag, FLV_VIDEO, type FlvTag, readVideoTag } from './flv.ts';
import type { PcmFormat } from './labelled-pcm.ts';
import type { Log } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { OutputPublisher } from './output-publisher.ts';
import { Pacer } from './pacer.ts';
import { SyncProbe } from './sync-probe.ts';

export interface OutputOptions {
  url: string;
  pcm: PcmFormat;
  /** Where the stream starts on the source clock. */
  originMs: number;
  /** Added to every timestamp, video and audio alike. */
  timestampOffsetMs: number;
  lagMarginMs: number;
  audioBitrateKbps: number;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** One line; the stream cannot be published any more. */
  onFailure: (message: string, detail: Record<string, unknown>) => void;
  /** Something was sent, so there is room again. */
  onProgress: () => void;
}

export class Output {
  readonly #options: OutputOptions;
  readonly #encoder: AudioEncoder;
  readonly #pacer: Pacer;
  readonly #syncProbe: SyncProbe;
  readonly #drained: Promise<void>;
  #publisher: OutputPublisher | undefined;
  #videoConfig: FlvTag | undefined;
  #audioConfig: FlvTag | undefined;
  #headerSent = false;
  #last: DubbedSegment | undefined;
  #lastVideoMs: number | undefined;
  /** In each channel. */
  #samples = 0;
  #closing = false;

  constructor(options: OutputOptions) {
    this.#options = options;
    let drained = (): void => {};
    this.#drained = new Promise((resolve) => {
      drained = resolve;
    });
    this.#pacer = new Pacer({
      clock: options.clock,
      marginMs: options.lagMarginMs,
      write: (tag) => this.#write(tag),
      onLagGrowth: (growthMs) => options.log.info({ growth_ms: Math.round(growthMs) }, 'output lag grew'),
      onDrained: drained,
    });
    this.#syncProbe = new SyncProbe({ onDelta: (deltaMs) => options.metrics.avSyncDelta.observe(deltaMs) });
    const msPerSample = 1000 / options.pcm.sampleRateHz;
    this.#encoder = new AudioEncoder({
      ...options.pcm,
      bitrateKbps: options.audioBitrateKbps,
      onConfig: (config) => {
        this.#audioConfig = aacConfigTag(config);
      },
      onPacket: (packet, startSample) => {
        const sourceMs = options.originMs + startSample * msPerSample;
        this.#pacer.add(aacFrameTag(Math.round(sourceMs + options.timestampOffsetMs), packet));
      },
    });
    this.#encoder.finished.catch((error: Error) => {
      if (!this.#closing) options.onFailure(error.message, {});
    });
  }

  get bufferedMs(): number {
    return this.#pacer.bufferedMs;
  }

  video(tag: FlvTag): void {
    const shifted = { ...tag, timestampMs: tag.timestampMs + this.#options.timestampOffsetMs };
    if (!this.#headerSent && readVideoTag(tag).kind === 'config') this.#videoConfig = { ...tag, timestampMs: 0 };
    else {
      this.#lastVideoMs = tag.timestampMs;
      this.#pacer.add(shifted);
    }
  }

  /** Starts the publishing process, so that it is up when the first segment is. */
  open(): void {
    if (this.#publisher || this.#closing) return;
    const { clock, onFailure, url } = this.#options;
    this.#publisher = new OutputPublisher({
      url,
      clock,
      onWritable: () => this.#pacer.resume(),
      onFailure: (lastLine, exitCode) =>
        onFailure('rtmp publish failed', { error: lastLine, ffmpeg_exit_code: exitCode }),
    });
  }

  /** Segments come in order; the video of a segment leaves once its audio has come. */
  pair(next: DubbedSegment): void {
    const { channels } = this.#options.pcm;
    const previous = this.#last;
    // Two originals are continuous as they are; a dub may begin anywhere.
    if (previous && (previous.dubbed || next.dubbed)) smoothJoin(previous.samples, next.samples, channels);
    this.#last = next;
    if (next.segment.dubbable) {
      this.#syncProbe.expectSegment(this.#options.originMs + next.segment.startMs + this.#options.timestampOffsetMs);
    }
    this.#samples += next.samples.length / channels;
    this.#encoder.write(next.samples);
  }

  /** Sends everything in its time, then unpublishes. */
  async finish(): Promise<void> {
    const { originMs, pcm } = this.#options;
    const lastPictureMs = (this.#lastVideoMs ?? originMs) - originMs;
    this.#encoder.write(
      new Int16Array(silenceToOutlast(lastPictureMs, this.#samples, pcm.sampleRateHz) * pcm.channels),
    );
    this.#encoder.end();
    await this.#encoder.finished;
    this.#pacer.end();
    await this.#drained;
    this.#closing = true;
    const result = await this.#publisher?.end();
    if (result && !result.ok) this.#options.log.warn({ error: result.lastLine }, 'output closed uncleanly');
  }

  /** Ends now; what was sent is unpublished properly if the server lets us within `end`'s own bound. */
  async abort(): Promise<void> {
    this.#closing = true;
    this.#pacer.close();
    this.#encoder.kill();
    await this.#publisher?.end();
  }

  kill(): void {
    this.#closing = true;
    this.#pacer.close();
    this.#encoder.kill();
    this.#publisher?.kill();
  }

  #write(tag: FlvTag): boolean {
    if (!this.#publisher) return true;
    if (!this.#headerSent) {
      this.#headerSent = true;
      if (this.#videoConfig) this.#publisher.write(this.#videoConfig);
      if (this.#audioConfig) this.#publisher.write(this.#audioConfig);
      this.#options.log.info({ url: this.#options.url }, 'publishing started');
    }
    if (tag.type === FLV_VIDEO) this.#syncProbe.video(readVideoTag(tag).ptsMs);
    else this.#syncProbe.audio(tag.timestampMs);
    this.#options.onProgress();
    return this.#publisher.write(tag);
  }
}

/**
 * Samples of silence after which the last packet of the sound begins no earlier than the last picture. ffmpeg keeps a picture until it
 * has sound as late as it; pictures that it still has at the end leave in the moment in which the stream is unpublished, and a
 * server that ends its readers at once (MediaMTX) does not hand them on.
 */
export function silenceToOutlast(lastPictureMs: number, samples: number, sampleRateHz: number): number {
  return Math.max(0, Math.ceil((lastPictureMs * sampleRateHz) / 1000) + AAC_FRAME_SAMPLES - samples);
}
