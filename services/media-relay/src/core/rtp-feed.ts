// The RTP form of a stream: its SDP media, its clock, and its packets since the last keyframe.

import { startsKeyframe } from '../codec/h264.ts';
import type { RtpHeader } from '../codec/rtp-packet.ts';
import type { SdpMedia } from '../codec/sdp.ts';
import { GopFeed } from './gop-feed.ts';
import type { RtpClock } from './rtp-clock.ts';

export interface RtpItem {
  readonly track: number;
  readonly packet: Buffer;
  readonly header: RtpHeader;
  readonly sizeBytes: number;
}

export interface RtpFeedOptions {
  media: readonly SdpMedia[];
  clock: RtpClock;
  cacheBytes: number;
  onOverflow?: () => void;
}

/** Audio packets kept for a reader that joins a stream without video. */
const AUDIO_ONLY_PACKETS = 50;

export class RtpFeed {
  readonly media: readonly SdpMedia[];
  readonly clock: RtpClock;
  readonly #feed: GopFeed<RtpItem>;
  readonly #videoTrack: number;
  #frameRtp = -1;
  #frameStart = 0;

  constructor(options: RtpFeedOptions) {
    this.media = options.media;
    this.clock = options.clock;
    this.#feed = new GopFeed({
      cacheBytes: options.cacheBytes,
      ...(options.onOverflow ? { onOverflow: options.onOverflow } : {}),
    });
    this.#videoTrack = options.media.findIndex((media) => media.kind === 'video');
  }

  push(track: number, packet: Buffer, header: RtpHeader): void {
    this.clock.onPacket(track, header.timestamp);
    if (track === this.#videoTrack) {
      if (header.timestamp !== this.#frameRtp) {
        this.#frameRtp = header.timestamp;
        this.#frameStart = this.#feed.next;
      }
      // Parameter sets may come in packets of their own before the picture, so the whole frame is the start.
      const codec = this.media[track]?.codec;
      const payload = packet.subarray(header.payloadStart, header.payloadEnd);
      if (codec === 'H264' && startsKeyframe(payload)) this.#feed.startAt(this.#frameStart);
    } else if (this.#videoTrack < 0) {
      this.#feed.keepLast(AUDIO_ONLY_PACKETS);
    }
    this.#feed.push({ track, packet, header, sizeBytes: packet.length });
  }

  /** Packets from the last keyframe on, as far as they are kept. */
  sinceKeyframe(): readonly RtpItem[] {
    return this.#feed.cached;
  }

  /** Whether a packet with this timestamp belongs to the frame that came last. */
  isOfNewestFrame(track: number, rtp: number): boolean {
    return track === this.#videoTrack && rtp === this.#frameRtp;
  }

  subscribe(listener: (item: RtpItem) => void): () => void {
    return this.#feed.subscribe(listener);
  }
}
