// Turns an RTMP publisher's H.264 and AAC messages into the RTP packets that RTSP readers get: the same NAL units and audio units,
// at exactly the publisher's times.

import { randomBytes, randomInt } from 'node:crypto';
import { parseAudioSpecificConfig } from '../codec/aac.ts';
import { FLV_AUDIO, FLV_VIDEO, type FlvMessage, parseAacAudio, parseAvcVideo } from '../codec/flv.ts';
import { type AvcConfig, parseAvcConfig, splitAvcc } from '../codec/h264.ts';
import { packetizeAac } from '../codec/rtp-aac.ts';
import { type PayloadPart, packetizeH264 } from '../codec/rtp-h264.ts';
import { RtpPacketBuilder } from '../codec/rtp-packet.ts';
import type { SdpMedia } from '../codec/sdp.ts';
import { ntpNowMicros, RtpClock } from '../core/rtp-clock.ts';
import { RtpFeed, type RtpFeedOptions } from '../core/rtp-feed.ts';

/** Fits an Ethernet frame with IP, UDP and RTP headers and some room for tunnels. */
const MAX_PAYLOAD_BYTES = 1_400;
const VIDEO_PAYLOAD_TYPE = 96;
const AUDIO_PAYLOAD_TYPE = 97;
const VIDEO_CLOCK = 90_000;

interface TrackOut {
  index: number;
  clockRate: number;
  rtpAtZero: number;
  builder: RtpPacketBuilder;
}

export class FlvToRtp {
  readonly feed: RtpFeed;
  readonly #clock: RtpClock;
  #clockFixed = false;
  readonly #video: (TrackOut & { config: AvcConfig; changed: boolean }) | undefined;
  readonly #audio: TrackOut | undefined;

  constructor(
    configs: { video: AvcConfig | undefined; audio: Buffer | undefined },
    options: Pick<RtpFeedOptions, 'cacheBytes' | 'onOverflow'>,
  ) {
    const media: SdpMedia[] = [];
    const createTrack = (description: SdpMedia): TrackOut => {
      const builder = new RtpPacketBuilder(description.payloadType, randomBytes(4).readUInt32BE(0), randomInt(2 ** 15));
      const track = {
        index: media.length,
        clockRate: description.clockRate,
        rtpAtZero: randomInt(1, 2 ** 31),
        builder,
      };
      media.push(description);
      return track;
    };
    if (configs.video !== undefined) {
      this.#video = { ...createTrack(describeVideo(configs.video)), config: configs.video, changed: false };
    }
    if (configs.audio !== undefined) this.#audio = createTrack(describeAudio(configs.audio));
    this.#clock = new RtpClock(media.map((track) => track.clockRate));
    this.feed = new RtpFeed({ media, clock: this.#clock, ...options });
  }

  push(message: FlvMessage): void {
    if (message.type === FLV_VIDEO && this.#video !== undefined) this.#pushVideo(this.#video, message);
    else if (message.type === FLV_AUDIO && this.#audio !== undefined) this.#pushAudio(this.#audio, message);
  }

  #pushVideo(track: TrackOut & { config: AvcConfig; changed: boolean }, message: FlvMessage): void {
    const video = parseAvcVideo(message.payload);
    if (video.kind === 'config') {
      const config = parseAvcConfig(video.record);
      track.changed ||= !sameSets(config, track.config);
      track.config = config;
      return;
    }
    if (video.kind !== 'frame') return;
    const nals = splitAvcc(video.data, track.config.lengthSize);
    if (nals.length === 0) return;
    // The description has the first parameter sets; others have to go with the frame that needs them.
    if (track.changed) nals.unshift(...track.config.sps, ...track.config.pps);
    track.changed = false;
    this.#send(track, message.timestampMs + video.compositionMs, packetizeH264(nals, MAX_PAYLOAD_BYTES));
  }

  #pushAudio(track: TrackOut, message: FlvMessage): void {
    const audio = parseAacAudio(message.payload);
    if (audio.kind !== 'frame' || audio.data.length === 0) return;
    this.#send(track, message.timestampMs, packetizeAac(audio.data, MAX_PAYLOAD_BYTES));
  }

  /** With the first frame, because configuration carries time zero whenever a stream starts. */
  #fixClock(firstMs: number): void {
    this.#clockFixed = true;
    const epochMs = Math.floor(ntpNowMicros() / 1000) - firstMs;
    const tracks = [this.#video, this.#audio].flatMap((track) => (track ? [track.rtpAtZero] : []));
    this.#clock.fix(epochMs * 1000, tracks, firstMs);
  }

  #send(track: TrackOut, ms: number, payloads: readonly PayloadPart[]): void {
    if (!this.#clockFixed) this.#fixClock(ms);
    const timestamp = (track.rtpAtZero + Math.round((ms * track.clockRate) / 1000)) >>> 0;
    for (const { marker, parts } of payloads) {
      const { packet, header } = track.builder.build(timestamp, marker, ...parts);
      this.feed.push(track.index, packet, header);
    }
  }
}

function sameSets(a: AvcConfig, b: AvcConfig): boolean {
  const flat = (config: AvcConfig) => [...config.sps, ...config.pps];
  const others = flat(b);
  return flat(a).length === others.length && flat(a).every((set, index) => others[index]?.equals(set));
}

function describeVideo(config: AvcConfig): SdpMedia {
  const sets = [...config.sps, ...config.pps].map((set) => set.toString('base64')).join(',');
  const profile = config.sps[0]?.subarray(1, 4).toString('hex').toUpperCase() ?? '';
  return {
    kind: 'video',
    payloadType: VIDEO_PAYLOAD_TYPE,
    codec: 'H264',
    clockRate: VIDEO_CLOCK,
    channels: 1,
    format: new Map(),
    lines: [
      `a=rtpmap:${VIDEO_PAYLOAD_TYPE} H264/${VIDEO_CLOCK}`,
      `a=fmtp:${VIDEO_PAYLOAD_TYPE} packetization-mode=1; sprop-parameter-sets=${sets}; profile-level-id=${profile}`,
    ],
    control: '',
  };
}

function describeAudio(config: Buffer): SdpMedia {
  const { sampleRate, channels } = parseAudioSpecificConfig(config);
  return {
    kind: 'audio',
    payloadType: AUDIO_PAYLOAD_TYPE,
    codec: 'MPEG-4 Audio',
    clockRate: sampleRate,
    channels,
    format: new Map(),
    lines: [
      `a=rtpmap:${AUDIO_PAYLOAD_TYPE} MPEG4-GENERIC/${sampleRate}/${Math.max(1, channels)}`,
      `a=fmtp:${AUDIO_PAYLOAD_TYPE} streamtype=5; profile-level-id=1; mode=AAC-hbr; sizelength=13; indexlength=3; ` +
        `indexdeltalength=3; config=${config.toString('hex')}`,
    ],
    control: '',
  };
}
