// One RTSP reader of a stream: joins at the last keyframe when it asks for the description, and sends from there once it plays.

import { buildGoodbye, buildSenderReport } from '../codec/rtcp.ts';
import type { RtpFeed, RtpItem } from '../core/rtp-feed.ts';
import type { Stream, StreamReader } from '../core/stream.ts';
import type { PacketSink } from './packet-sink.ts';

const REPORT_EVERY_MS = 5_000;
/** A reader that describes and then takes longer than this to play starts at the newest keyframe instead. */
const MAX_JOIN_MS = 10_000;

interface ReaderTrack {
  sink: PacketSink;
  ssrc: number | undefined;
  packets: number;
  octets: number;
  reportedAt: number;
  reportedVersion: number;
}

export interface RtspReaderOptions {
  id: string;
  stream: Stream;
  feed: RtpFeed;
  bufferBytes: number;
  /** The stream is over and everything was handed to the sinks. */
  onEnd(): void;
  /** The reader does not keep up: `queuedBytes` are waiting. */
  onOverflow(queuedBytes: number): void;
}

export interface RtpInfo {
  /** Whole second of media time that `rtptime` of every track stands for; undefined when that is not known (yet). */
  second: number | undefined;
  tracks: { track: number; sequence: number | undefined; rtptime: number | undefined }[];
}

export class RtspReader implements StreamReader {
  readonly type = 'rtspSession' as const;
  readonly id: string;
  readonly stream: Stream;
  readonly #options: RtspReaderOptions;
  readonly #tracks = new Map<number, ReaderTrack>();
  #unsubscribe: () => void = () => {};
  #backlog: RtpItem[] = [];
  #backlogBytes = 0;
  #joined = false;
  #joinedAt = 0;
  #playing = false;
  #ended = false;

  constructor(options: RtspReaderOptions) {
    this.id = options.id;
    this.stream = options.stream;
    this.#options = options;
    this.#join();
    options.stream.readers.add(this);
  }

  get reading(): boolean {
    return this.#playing;
  }

  get trackCount(): number {
    return this.#tracks.size;
  }

  setTrack(index: number, sink: PacketSink): void {
    this.#tracks.get(index)?.sink.close();
    this.#tracks.set(index, {
      sink,
      ssrc: undefined,
      packets: 0,
      octets: 0,
      reportedAt: 0,
      reportedVersion: -1,
    });
  }

  /** Fixes where playing starts, for the answer to PLAY; `start` then sends from there. */
  prepare(): RtpInfo {
    const overdue = !this.#joined || performance.now() - this.#joinedAt > MAX_JOIN_MS;
    if (!this.#ended && (overdue || this.#backlogBytes > this.#options.bufferBytes)) this.#join();
    const { clock } = this.#options.feed;
    const firstOf = (track: number) => this.#backlog.find((item) => item.track === track)?.header;
    const tracks = [...this.#tracks.keys()];
    const lead = tracks.find((track) => firstOf(track) !== undefined);
    const leadHeader = lead === undefined ? undefined : firstOf(lead);
    const known = leadHeader !== undefined && tracks.every((track) => clock.isAnchored(track));
    const second = known && lead !== undefined ? Math.max(0, clock.secondOf(lead, leadHeader.timestamp)) : undefined;
    return {
      second,
      tracks: tracks.map((track) => ({
        track,
        sequence: firstOf(track)?.sequence,
        rtptime: second === undefined ? undefined : clock.reportAt(track, second)?.rtp,
      })),
    };
  }

  start(): void {
    if (this.#playing) return;
    this.#playing = true;
    const backlog = this.#backlog;
    this.#backlog = [];
    this.#backlogBytes = 0;
    for (const item of backlog) this.#send(item);
    if (this.#ended) this.#finish();
  }

  pause(): void {
    this.#playing = false;
    this.#unsubscribe();
    this.#joined = false;
  }

  onStreamEnd(): void {
    this.#ended = true;
    this.#unsubscribe();
    // A reader that is about to play still gets what was kept for it; one that never does is ended by its session's time-out.
    if (this.#playing) this.#finish();
    else if (this.#backlog.length === 0 || this.#tracks.size === 0) this.#options.onEnd();
  }

  close(): void {
    this.#ended = true;
    this.#unsubscribe();
    this.#backlog = [];
    this.stream.readers.delete(this);
    for (const track of this.#tracks.values()) track.sink.close();
    this.#tracks.clear();
  }

  #finish(): void {
    for (const track of this.#tracks.values()) {
      if (track.ssrc !== undefined) track.sink.sendGoodbye(buildGoodbye(track.ssrc));
    }
    this.#options.onEnd();
  }

  /** (Re)starts at the newest keyframe, keeping packets until the reader plays. */
  #join(): void {
    this.#unsubscribe();
    this.#backlog = [];
    this.#backlogBytes = 0;
    this.#joined = true;
    this.#joinedAt = performance.now();
    this.#unsubscribe = this.#options.feed.subscribe((item) => {
      if (this.#playing) {
        this.#send(item);
        return;
      }
      if (this.#backlogBytes > this.#options.bufferBytes) return; // `prepare` starts over
      this.#backlog.push(item);
      this.#backlogBytes += item.sizeBytes;
    });
  }

  #send(item: RtpItem): void {
    const track = this.#tracks.get(item.track);
    if (track === undefined) return;
    if (track.sink.queuedBytes > this.#options.bufferBytes) {
      this.#options.onOverflow(track.sink.queuedBytes);
      return;
    }
    track.ssrc = item.header.ssrc;
    this.#reportIfDue(item, track);
    track.sink.sendRtp(item.packet);
    track.packets += 1;
    track.octets += item.header.payloadEnd - item.header.payloadStart;
    this.stream.bytesSent += item.packet.length;
  }

  /** Before the first packet, so that a reader can line the tracks up from the start; then regularly, and when the mapping moved. */
  #reportIfDue(item: RtpItem, track: ReaderTrack): void {
    const { clock } = this.#options.feed;
    if (!clock.isAnchored(item.track)) return;
    const now = performance.now();
    if (track.reportedVersion === clock.version && now - track.reportedAt < REPORT_EVERY_MS) return;
    const first = track.reportedVersion < 0;
    const second = clock.secondOf(item.track, item.header.timestamp);
    const time = clock.reportAt(item.track, first ? Math.max(0, second) : second);
    if (time === undefined) return;
    track.reportedVersion = clock.version;
    track.reportedAt = now;
    track.sink.sendRtcp(buildSenderReport({ ssrc: item.header.ssrc, ...time }, track));
  }
}
