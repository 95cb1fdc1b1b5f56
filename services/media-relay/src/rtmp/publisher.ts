// One RTMP publisher: waits until its tracks are known, then makes a stream of its messages.

import { type AmfValue, decodeAmf } from '../codec/amf0.ts';
import {
  FLV_AUDIO,
  FLV_DATA,
  FLV_VIDEO,
  type FlvMessage,
  flvMessage,
  flvRole,
  parseAacAudio,
  parseAvcVideo,
} from '../codec/flv.ts';
import { type AvcConfig, parseAvcConfig } from '../codec/h264.ts';
import { FlvToRtp } from '../convert/flv-to-rtp.ts';
import { FlvFeed } from '../core/flv-feed.ts';
import type { Publication } from '../core/path-registry.ts';
import { ProtocolError } from '../core/protocol-error.ts';
import type { RelayContext } from '../core/relay-context.ts';
import { Stream } from '../core/stream.ts';
import type { FaultLine } from '../faults/fault-line.ts';
import { createFlvFaults } from '../faults/flv-faults.ts';
import type { ActiveFaults, FaultTarget, MediaFault } from '../faults/media-fault.ts';
import type { RtmpMessage } from './chunk-reader.ts';

/** A publisher that does not say which tracks it has is taken to have those seen by then. */
const TRACKS_WAIT_MS = 1_000;
const MAX_EARLY_BYTES = 16 * 1024 * 1024;

export interface RtmpPublisherHooks {
  /** The tracks are known; readers come next. */
  onReady(stream: Stream): void;
  /** Runs what a timer brings, within the connection's error handling. */
  guard(run: () => void): void;
  /** Closes the connection at once. */
  abort(reason: string): void;
}

export class RtmpPublisher implements FaultTarget {
  readonly publication: Publication;
  readonly #context: RelayContext;
  readonly #hooks: RtmpPublisherHooks;
  /** Messages from before the stream was ready; undefined from then on. */
  #early: FlvMessage[] | undefined = [];
  #earlyBytes = 0;
  #expected: { video: boolean; audio: boolean } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #feed: FlvFeed | undefined;
  #toRtp: FlvToRtp | undefined;
  /** Undefined until the path first has a fault: until then messages go straight through. */
  #line: FaultLine<FlvMessage> | undefined;
  #lastTimestamp: number | undefined;
  #unwrapped = 0;
  #ended = false;

  constructor(context: RelayContext, publication: Publication, hooks: RtmpPublisherHooks) {
    this.#context = context;
    this.publication = publication;
    this.#hooks = hooks;
    publication.target = this;
  }

  refusal(): undefined {
    return undefined;
  }

  useFaults(faults: ActiveFaults): void {
    if (this.#feed === undefined) return; // `#ready` looks again
    this.#line ??= createFlvFaults(faults, this.#feed, {
      emit: (message) => this.#forward(message),
      guard: (run) => this.#hooks.guard(run),
    });
    this.#line.useFaults(faults);
  }

  restartTimestamps(fault: MediaFault): void {
    if (this.#line === undefined) this.useFaults(new Map());
    this.#line?.restartTimestamps(fault);
  }

  disconnect(reason: string): void {
    this.#hooks.abort(reason);
  }

  onMessage(message: RtmpMessage): void {
    if (this.#ended || message.payload.length === 0) return;
    this.publication.bytesReceived += message.payload.length;
    const payload = message.type === FLV_DATA ? this.#metadata(message.payload) : message.payload;
    if (payload === undefined) return;
    const flv = flvMessage(message.type, this.#unwrap(message.timestamp), payload);
    if (this.#early === undefined) {
      this.#push(flv);
      return;
    }
    this.#early.push(flv);
    this.#earlyBytes += payload.length;
    this.#timer ??= setTimeout(() => this.#hooks.guard(() => this.#ready()), TRACKS_WAIT_MS);
    if (this.#knowsTracks(this.#early) || this.#earlyBytes > MAX_EARLY_BYTES) this.#ready();
  }

  end(): void {
    if (this.#ended) return;
    // A publisher that leaves before its tracks were certain still publishes what it sent.
    this.#ended = true;
    clearTimeout(this.#timer);
    try {
      if (this.#early !== undefined && this.#early.length > 0) this.#ready();
      this.#line?.flush();
    } finally {
      this.publication.end();
    }
  }

  #metadata(payload: Buffer): Buffer | undefined {
    const values = decodeAmf(payload);
    const isSet = values[0] === '@setDataFrame';
    const [name, data] = isSet ? values.slice(1) : values;
    if (name === 'onMetaData') this.#expected = expectedTracks(data);
    // Stripped of `@setDataFrame`, which is an order to the server and no part of the stream.
    return isSet ? payload.subarray(3 + '@setDataFrame'.length) : payload;
  }

  #knowsTracks(messages: readonly FlvMessage[]): boolean {
    const roles = new Set(messages.map((message) => flvRole(message)));
    if (this.#expected === undefined) return roles.has('video-config') && roles.has('audio-config');
    // Codecs without a configuration message are known with their first frame.
    const seen = (type: number, config: 'video-config' | 'audio-config') =>
      roles.has(config) || messages.some((message) => message.type === type && flvRole(message) !== config);
    return (
      (!this.#expected.video || seen(FLV_VIDEO, 'video-config')) &&
      (!this.#expected.audio || seen(FLV_AUDIO, 'audio-config'))
    );
  }

  #ready(): void {
    clearTimeout(this.#timer);
    const early = this.#early ?? [];
    this.#early = undefined;
    const first = (type: number) => early.find((message) => message.type === type);
    const tracks = [first(FLV_VIDEO), first(FLV_AUDIO)].flatMap((message) => (message ? [codecName(message)] : []));
    const { path, source } = this.publication;
    const limits = {
      cacheBytes: this.#context.config.gopCacheBytes,
      onOverflow: () => this.#context.log.warn({ path }, 'GOP too large to keep for late readers'),
    };
    this.#feed = new FlvFeed({ hasVideo: first(FLV_VIDEO) !== undefined, ...limits });
    const configs = rtpConfigs(early);
    if (configs.video !== undefined || configs.audio !== undefined) {
      this.#toRtp = new FlvToRtp(configs, limits);
    }
    const stream = new Stream({ path, source, tracks, rtp: this.#toRtp?.feed, flv: this.#feed });
    const faults = this.#context.faults.activeOn(path);
    if (faults !== undefined) this.useFaults(faults);
    this.#hooks.onReady(stream);
    this.publication.ready(stream);
    for (const message of early) this.#push(message);
  }

  #push(message: FlvMessage): void {
    if (this.#line === undefined) this.#forward(message);
    else this.#line.push(message);
  }

  #forward(message: FlvMessage): void {
    this.#feed?.push(message);
    this.#toRtp?.push(message);
  }

  /** RTMP timestamps wrap after 49 days; media times here do not. */
  #unwrap(timestamp: number): number {
    if (this.#lastTimestamp === undefined) this.#unwrapped = timestamp;
    else this.#unwrapped = Math.max(0, this.#unwrapped + ((timestamp - this.#lastTimestamp) | 0));
    this.#lastTimestamp = timestamp;
    return this.#unwrapped;
  }
}

/** The decoder configurations that RTSP readers can be given. */
function rtpConfigs(messages: readonly FlvMessage[]): { video: AvcConfig | undefined; audio: Buffer | undefined } {
  let video: AvcConfig | undefined;
  let audio: Buffer | undefined;
  for (const message of messages) {
    if (message.type === FLV_VIDEO) {
      const parsed = parseAvcVideo(message.payload);
      if (parsed.kind === 'config') video ??= parseAvcConfig(parsed.record);
    } else if (message.type === FLV_AUDIO) {
      const parsed = parseAacAudio(message.payload);
      if (parsed.kind === 'config') audio ??= parsed.record;
    }
  }
  return { video, audio };
}

function expectedTracks(metadata: AmfValue): { video: boolean; audio: boolean } | undefined {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return undefined;
  const video = Boolean(metadata.videocodecid);
  const audio = Boolean(metadata.audiocodecid);
  return video || audio ? { video, audio } : undefined;
}

const VIDEO_CODECS: Record<number, string> = { 2: 'H263', 4: 'VP6', 7: 'H264', 12: 'H265' };
const AUDIO_CODECS: Record<number, string> = {
  2: 'MPEG-1/2 Audio',
  7: 'G711',
  8: 'G711',
  10: 'MPEG-4 Audio',
  13: 'Opus',
};

/** Name of a message's codec as MediaMTX's API shows it. */
function codecName(message: FlvMessage): string {
  const first = message.payload[0] ?? 0;
  if (message.type === FLV_AUDIO) return AUDIO_CODECS[first >> 4] ?? `audio ${first >> 4}`;
  if ((first & 0x80) === 0) return VIDEO_CODECS[first & 0x0f] ?? `video ${first & 0x0f}`;
  const fourCc = message.payload.toString('latin1', 1, 5);
  if (!/^[\w.-]{4}$/.test(fourCc)) throw new ProtocolError('malformed codec name');
  return ({ avc1: 'H264', hvc1: 'H265', av01: 'AV1', vp09: 'VP9' } as Record<string, string>)[fourCc] ?? fourCc;
}
