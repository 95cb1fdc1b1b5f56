// One RTSP publisher: its announced tracks, and the stream its packets make.

import { parseSenderReport } from '../codec/rtcp.ts';
import { parseRtp, type RtpHeader } from '../codec/rtp-packet.ts';
import type { SdpMedia } from '../codec/sdp.ts';
import { decodeLeadMs, flvTracks, RtpToFlv } from '../convert/rtp-to-flv.ts';
import { FlvFeed } from '../core/flv-feed.ts';
import type { Publication } from '../core/path-registry.ts';
import { ProtocolError } from '../core/protocol-error.ts';
import type { RelayContext } from '../core/relay-context.ts';
import { RtpClock } from '../core/rtp-clock.ts';
import { RtpFeed, type RtpItem } from '../core/rtp-feed.ts';
import { Stream } from '../core/stream.ts';
import type { FaultLine } from '../faults/fault-line.ts';
import type { ActiveFaults, FaultKind, FaultTarget, MediaFault } from '../faults/media-fault.ts';
import { createRtpFaults } from '../faults/rtp-faults.ts';
import type { UdpSource } from './udp-source.ts';

/** How long a track may go without a sender report before its first packet's arrival has to do: GStreamer takes up to 2.8 s. */
const REPORT_WAIT_MS = 3_000;

/** What a publisher asks of its connection. */
export interface RtspPublisherHooks {
  /** Runs what a timer brings, within the connection's error handling. */
  guard(run: () => void): void;
  /** Closes the connection at once. */
  abort(reason: string): void;
}

export class RtspPublisher implements FaultTarget {
  readonly media: readonly SdpMedia[];
  readonly publication: Publication;
  readonly #feed: RtpFeed;
  readonly #clock: RtpClock;
  readonly #flv: FlvFeed | undefined;
  readonly #toFlv: RtpToFlv | undefined;
  readonly #hooks: RtspPublisherHooks;
  /** Undefined until the path first has a fault: until then packets go straight through. */
  #line: FaultLine<RtpItem> | undefined;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #sources = new Map<number, UdpSource>();
  #ending = false;
  #ended = false;

  constructor(context: RelayContext, publication: Publication, media: readonly SdpMedia[], hooks: RtspPublisherHooks) {
    this.media = media;
    this.publication = publication;
    this.#hooks = hooks;
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
    publication.target = this;
    const faults = context.faults.activeOn(publication.path);
    if (faults !== undefined) this.useFaults(faults);
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
    if (this.#line === undefined) this.#forward(track, packet, header);
    else this.#line.push({ track, packet, header, sizeBytes: packet.length });
  }

  refusal(kind: FaultKind): string | undefined {
    const videos = this.media.filter((track) => track.kind === 'video');
    if (kind !== 'freeze-video' || videos.every(({ codec }) => codec === 'H264')) return undefined;
    return 'only H.264 can be frozen';
  }

  useFaults(faults: ActiveFaults): void {
    this.#line ??= createRtpFaults(faults, this.#feed, {
      emit: ({ track, packet, header }) => this.#forward(track, packet, header),
      guard: this.#hooks.guard,
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

  #forward(track: number, packet: Buffer, header: RtpHeader): void {
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
    Promise.all(sources.map((source) => source.drain())).finally(() => this.#hooks.guard(() => this.#finish()));
  }

  #finish(): void {
    for (const source of this.#sources.values()) source.close();
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    try {
      this.#line?.flush();
      this.#toFlv?.flush();
    } finally {
      this.publication.end();
    }
  }

  #awaitReport(track: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#clock.anchorByArrival(track);
      this.#hooks.guard(() => this.#toFlv?.begin());
    }, REPORT_WAIT_MS);
    this.#timers.add(timer);
  }
}
