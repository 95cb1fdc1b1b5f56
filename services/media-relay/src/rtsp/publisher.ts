// One RTSP publisher: its announced tracks, and the stream its packets make.

import { parseSenderReport } from '../codec/rtcp.ts';
import { parseRtp } from '../codec/rtp-packet.ts';
import type { SdpMedia } from '../codec/sdp.ts';
import { decodeLeadMs, flvTracks, RtpToFlv } from '../convert/rtp-to-flv.ts';
import { FlvFeed } from '../core/flv-feed.ts';
import type { Publication } from '../core/path-registry.ts';
import { ProtocolError } from '../core/protocol-error.ts';
import type { RelayContext } from '../core/relay-context.ts';
import { RtpClock } from '../core/rtp-clock.ts';
import { RtpFeed } from '../core/rtp-feed.ts';
import { Stream } from '../core/stream.ts';
import type { UdpSource } from './udp-source.ts';

/** How long a track may go without a sender report before its first packet's arrival has to do: GStreamer takes up to 2.8 s. */
const REPORT_WAIT_MS = 3_000;

export class RtspPublisher {
  readonly media: readonly SdpMedia[];
  readonly publication: Publication;
  readonly #feed: RtpFeed;
  readonly #clock: RtpClock;
  readonly #flv: FlvFeed | undefined;
  readonly #toFlv: RtpToFlv | undefined;
  readonly #guard: (run: () => void) => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #sources = new Map<number, UdpSource>();
  #ending = false;
  #ended = false;

  constructor(
    context: RelayContext,
    publication: Publication,
    media: readonly SdpMedia[],
    guard: (run: () => void) => void,
  ) {
    this.media = media;
    this.publication = publication;
    this.#guard = guard;
    this.#clock = new RtpClock(
      media.map((track) => track.clockRate),
      Math.max(0, ...media.map((track) => decodeLeadMs(track))),
    );
    const onOverflow = () => context.log.warn({ path: publication.path }, 'GOP too large to keep for late readers');
    this.#feed = new RtpFeed({
      media,
      clock: this.#clock,
      cacheBytes: context.config.gopCacheBytes,
      onOverflow,
    });
    const convertible = flvTracks(media);
    if (convertible !== undefined) {
      this.#flv = new FlvFeed({
        hasVideo: convertible.video >= 0,
        cacheBytes: context.config.gopCacheBytes,
        onOverflow,
      });
      this.#toFlv = new RtpToFlv(media, this.#clock, this.#flv);
    }
  }

  record(): void {
    this.publication.ready(
      new Stream({
        path: this.publication.path,
        source: this.publication.source,
        tracks: this.media.map((track) => track.codec),
        rtp: this.#feed,
        flv: this.#flv,
      }),
    );
  }

  onRtp(track: number, packet: Buffer): void {
    if (this.#ended) return;
    this.publication.bytesReceived += packet.length;
    const header = parseRtp(packet);
    if (header === undefined) throw new ProtocolError('malformed RTP packet');
    const first = !this.#clock.hasStarted(track);
    this.#feed.push(track, packet, header);
    this.#toFlv?.push(track, packet, header);
    if (first) this.#awaitReport(track);
  }

  onRtcp(track: number, packet: Buffer): void {
    if (this.#ended) return;
    const report = parseSenderReport(packet);
    if (report !== undefined) this.#clock.onSenderReport(track, report);
  }

  get hasSources(): boolean {
    return this.#sources.size > 0;
  }

  addSource(track: number, source: UdpSource): void {
    this.#sources.get(track)?.close();
    this.#sources.set(track, source);
  }

  /** Ends the stream with everything that was sent: at once, or after what UDP still has in its buffers. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    if (!this.hasSources) {
      this.#finish();
      return;
    }
    const sources = [...this.#sources.values()];
    Promise.all(sources.map((source) => source.drain())).finally(() => this.#guard(() => this.#finish()));
  }

  #finish(): void {
    for (const source of this.#sources.values()) source.close();
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    try {
      this.#toFlv?.flush();
    } finally {
      this.publication.end();
    }
  }

  #awaitReport(track: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#clock.anchorByArrival(track);
      this.#guard(() => this.#toFlv?.begin());
    }, REPORT_WAIT_MS);
    this.#timers.add(timer);
  }
}
