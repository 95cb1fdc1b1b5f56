// Turns an RTSP publisher's H.264 and AAC packets into the FLV messages that RTMP readers get: the same NAL units and audio units,
// at the media time that the RTP clock gives, to the millisecond.

import { parseAudioSpecificConfig } from '../codec/aac.ts';
import { encodeAmf, encodeAmfEcmaArray } from '../codec/amf0.ts';
import { DecodeTimes } from '../codec/decode-times.ts';
import { aacAudioHeader, avcVideoHeader, FLV_AUDIO, FLV_DATA, FLV_VIDEO, flvMessage } from '../codec/flv.ts';
import { buildAvcConfig, joinAvcc, NAL_IDR, NAL_PPS, NAL_SPS, nalType } from '../codec/h264.ts';
import { parseSps, type SpsInfo } from '../codec/h264-sps.ts';
import { AacDepacketizer, type AacUnit, aacPacking } from '../codec/rtp-aac.ts';
import { type AccessUnit, H264Depacketizer } from '../codec/rtp-h264.ts';
import { LatmDepacketizer, latmAudioConfig } from '../codec/rtp-latm.ts';
import type { RtpHeader } from '../codec/rtp-packet.ts';
import type { SdpMedia } from '../codec/sdp.ts';
import type { FlvFeed } from '../core/flv-feed.ts';
import type { RtpClock } from '../core/rtp-clock.ts';

type PendingUnit = { kind: 'video'; rtp: number; nals: Buffer[] } | { kind: 'audio'; rtp: number; data: Buffer };

interface VideoTrack {
  index: number;
  clockRate: number;
  depacketizer: H264Depacketizer;
  sps: Buffer | undefined;
  pps: Buffer | undefined;
  info: SpsInfo | undefined;
  times: DecodeTimes | undefined;
  configSent: boolean;
}

interface AudioTrack {
  index: number;
  clockRate: number;
  depacketizer: AacDepacketizer | LatmDepacketizer;
  config: Buffer;
}

const MAX_PENDING_BYTES = 4 * 1024 * 1024;

/** The first tracks of a description that FLV can carry; undefined when there are none. */
export function flvTracks(media: readonly SdpMedia[]): { video: number; audio: number } | undefined {
  const video = media.findIndex((track) => track.codec === 'H264');
  const audio = media.findIndex((track) => audioConfig(track) !== undefined);
  return video < 0 && audio < 0 ? undefined : { video, audio };
}

/** AAC's decoder configuration, out of either way to describe AAC in RTP. */
function audioConfig(media: SdpMedia): Buffer | undefined {
  if (media.codec === 'MPEG-4 Audio LATM') return latmAudioConfig(media.format);
  const config = media.codec === 'MPEG-4 Audio' ? media.format.get('config') : undefined;
  return config === undefined ? undefined : Buffer.from(config, 'hex');
}

/** Parameter sets of a track's description (RFC 6184, 8.2.1). */
export function describedParameterSets(media: SdpMedia): { sps: Buffer | undefined; pps: Buffer | undefined } {
  const sets = (media.format.get('sprop-parameter-sets') ?? '').split(',').map((set) => Buffer.from(set, 'base64'));
  const find = (type: number) => sets.find((set) => set.length > 3 && nalType(set) === type);
  return { sps: find(NAL_SPS), pps: find(NAL_PPS) };
}

/** How much earlier than it is shown the first frame of this track is decoded, in whole milliseconds. */
export function decodeLeadMs(media: SdpMedia | undefined): number {
  if (media?.codec !== 'H264') return 0;
  const { sps } = describedParameterSets(media);
  if (sps === undefined) return 0;
  const info = parseSps(sps);
  return Math.round(((info.reorderFrames ?? 0) * 1000) / (info.framesPerSecond ?? 30));
}

export class RtpToFlv {
  readonly #clock: RtpClock;
  readonly #feed: FlvFeed;
  readonly #video: VideoTrack | undefined;
  readonly #audio: AudioTrack | undefined;
  /** Units from before every track's place in time was known; undefined once the messages flow. */
  #pending: PendingUnit[] | undefined = [];
  #pendingBytes = 0;
  /** Added to all times, so that none is negative when a track starts before the one that set the clock. */
  #shiftMs = 0;
  #lost = 0;

  constructor(media: readonly SdpMedia[], clock: RtpClock, feed: FlvFeed) {
    this.#clock = clock;
    this.#feed = feed;
    const tracks = flvTracks(media) ?? { video: -1, audio: -1 };
    const video = media[tracks.video];
    const audio = media[tracks.audio];
    this.#video = video === undefined ? undefined : this.#createVideo(video, tracks.video);
    this.#audio = audio === undefined ? undefined : this.#createAudio(audio, tracks.audio);
  }

  /** Access units given up because packets were missing. */
  get lostUnits(): number {
    return this.#lost;
  }

  push(track: number, packet: Buffer, header: RtpHeader): void {
    if (track === this.#video?.index) this.#video.depacketizer.push(packet, header);
    else if (track === this.#audio?.index) this.#audio.depacketizer.push(packet, header);
  }

  /** Starts the messages with the tracks that have come so far, for a publisher whose other tracks stay silent. */
  begin(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    const firstMs = [this.#video, this.#audio].map((track) => {
      const unit = track && pending.find((candidate) => this.#trackOf(candidate) === track);
      if (track === undefined || unit === undefined || !this.#clock.isAnchored(track.index)) return 0;
      const ms = toMs(this.#clock.ticks(track.index, unit.rtp), track.clockRate);
      return unit.kind === 'video' ? ms - this.#leadMs() : ms;
    });
    this.#shiftMs = Math.max(0, ...firstMs.map((ms) => -ms));
    if (this.#video === undefined) this.#sendMetadata(undefined);
    else this.#takeParameterSets(this.#video, []);
    this.#sendAudioConfig();
    for (const unit of pending) this.#emit(unit);
  }

  /** The publisher is gone: whatever was held back goes out. */
  flush(): void {
    this.#video?.depacketizer.flush();
    this.begin();
  }

  #createVideo(media: SdpMedia, index: number): VideoTrack {
    const depacketizer = new H264Depacketizer(
      (unit) => this.#take({ kind: 'video', ...unit }),
      () => {
        this.#lost += 1;
      },
    );
    const sets = describedParameterSets(media);
    const info = sets.sps === undefined ? undefined : parseSps(sets.sps);
    const { clockRate } = media;
    return { index, clockRate, depacketizer, ...sets, info, times: undefined, configSent: false };
  }

  #createAudio(media: SdpMedia, index: number): AudioTrack {
    const config = audioConfig(media) ?? Buffer.alloc(0);
    const take = (unit: AacUnit) => this.#take({ kind: 'audio', ...unit });
    const depacketizer =
      media.codec === 'MPEG-4 Audio LATM'
        ? new LatmDepacketizer(take)
        : new AacDepacketizer(aacPacking(media.format, parseAudioSpecificConfig(config).frameSamples), take);
    return { index, clockRate: media.clockRate, depacketizer, config };
  }

  #trackOf(unit: PendingUnit): VideoTrack | AudioTrack | undefined {
    return unit.kind === 'video' ? this.#video : this.#audio;
  }

  #take(unit: PendingUnit): void {
    if (this.#pending === undefined) {
      this.#emit(unit);
      return;
    }
    this.#pending.push(unit);
    this.#pendingBytes +=
      unit.kind === 'video' ? unit.nals.reduce((sum, nal) => sum + nal.length, 0) : unit.data.length;
    const settled = [this.#video, this.#audio].every(
      (track) => track === undefined || this.#pending?.some((other) => this.#isPlaced(other, track)),
    );
    if (settled || this.#pendingBytes > MAX_PENDING_BYTES) this.begin();
  }

  #isPlaced(unit: PendingUnit, track: VideoTrack | AudioTrack): boolean {
    return this.#trackOf(unit) === track && this.#clock.isAnchored(track.index);
  }

  #emit(unit: PendingUnit): void {
    const track = this.#trackOf(unit);
    if (track === undefined) return;
    if (!this.#clock.isAnchored(track.index)) this.#clock.anchorByArrival(track.index);
    if (unit.kind === 'video') this.#emitVideo(unit);
    else this.#emitAudio(unit);
  }

  #emitVideo(unit: AccessUnit): void {
    const track = this.#video;
    if (track === undefined) return;
    this.#takeParameterSets(track, unit.nals);
    if (!track.configSent) return; // nothing can be decoded without parameter sets
    track.times ??= new DecodeTimes(track.clockRate, track.info?.reorderFrames, track.info?.framesPerSecond);
    const pts = this.#clock.ticks(track.index, unit.rtp);
    const dtsMs = toMs(track.times.next(pts), track.clockRate);
    const compositionMs = clampComposition(toMs(pts, track.clockRate) - dtsMs);
    const keyframe = unit.nals.some((nal) => nalType(nal) === NAL_IDR);
    const header = avcVideoHeader({ keyframe, config: false, compositionMs });
    this.#feed.push(flvMessage(FLV_VIDEO, Math.max(0, dtsMs + this.#shiftMs), joinAvcc(header, unit.nals)));
  }

  #emitAudio(unit: { rtp: number; data: Buffer }): void {
    const track = this.#audio;
    if (track === undefined) return;
    const ms = toMs(this.#clock.ticks(track.index, unit.rtp), track.clockRate) + this.#shiftMs;
    this.#feed.push(flvMessage(FLV_AUDIO, Math.max(0, ms), Buffer.concat([aacAudioHeader(false), unit.data])));
  }

  /** (Re)sends metadata and the decoder's configuration when parameter sets are first known, and when they change. */
  #takeParameterSets(track: VideoTrack, nals: readonly Buffer[]): void {
    const sps = nals.find((nal) => nalType(nal) === NAL_SPS) ?? track.sps;
    const pps = nals.find((nal) => nalType(nal) === NAL_PPS) ?? track.pps;
    if (sps === undefined || pps === undefined) return;
    const same = track.sps?.equals(sps) === true && track.pps?.equals(pps) === true;
    if (same && track.configSent) return;
    track.sps = Buffer.from(sps); // a copy: the original is a view into received data
    track.pps = Buffer.from(pps);
    track.info = parseSps(sps);
    track.configSent = true;
    track.times = undefined;
    this.#sendMetadata(track.info);
    const header = avcVideoHeader({ keyframe: true, config: true, compositionMs: 0 });
    const record = buildAvcConfig([track.sps], [track.pps]);
    this.#feed.push(flvMessage(FLV_VIDEO, 0, Buffer.concat([header, record])));
  }

  #sendAudioConfig(): void {
    if (this.#audio === undefined) return;
    this.#feed.push(flvMessage(FLV_AUDIO, 0, Buffer.concat([aacAudioHeader(true), this.#audio.config])));
  }

  #sendMetadata(video: SpsInfo | undefined): void {
    const audio = this.#audio && parseAudioSpecificConfig(this.#audio.config);
    const entries = {
      ...(video && { videocodecid: 7, width: video.width, height: video.height }),
      ...(video?.framesPerSecond !== undefined && { framerate: video.framesPerSecond }),
      ...(audio && {
        audiocodecid: 10,
        audiosamplerate: audio.sampleRate,
        audiosamplesize: 16,
        stereo: audio.channels > 1,
      }),
    };
    const payload = Buffer.concat([encodeAmf('onMetaData'), encodeAmfEcmaArray(entries)]);
    this.#feed.push(flvMessage(FLV_DATA, 0, payload));
  }

  #leadMs(): number {
    const info = this.#video?.info;
    return Math.round(((info?.reorderFrames ?? 0) * 1000) / (info?.framesPerSecond ?? 30));
  }
}

function toMs(ticks: number, clockRate: number): number {
  // The tiny addend breaks ties upward whatever the sign of a representation error.
  return Math.round((ticks * 1000) / clockRate + 1e-9);
}

/** FLV has 24 bits, signed. */
function clampComposition(ms: number): number {
  return Math.max(-0x800000, Math.min(0x7fffff, ms));
}
