// Ties the RTP timestamps of a stream's tracks to one media time, exactly as the publisher's RTCP sender reports say.
//
// Media time zero (the epoch) is a whole millisecond of the publisher's NTP clock, at or just before the first packet. For every
// clock rate that is a multiple of 1000 that makes each track's RTP timestamp at the epoch a whole number, found without rounding
// error from the publisher's own (rounded) report; all later times are then integers relative to it, and sender reports to readers
// are given for whole seconds of media time, so that no reader has to round either.

const MICROS_1900_TO_1970 = 2_208_988_800_000_000;

/** Reports that disagree with the established mapping by more than this move it; less is the sender's rounding or jitter. */
const REANCHOR_MICROS = 5_000;

export interface SenderReportTime {
  ntpMicros: number;
  rtp: number;
}

interface TrackClock {
  readonly rate: number;
  report: SenderReportTime | undefined;
  firstArrivalMicros: number | undefined;
  firstUnwrapped: number;
  lastRtp: number;
  lastUnwrapped: number;
  /** Unwrapped RTP timestamp at the epoch, once known. */
  anchor: number | undefined;
}

/** The wall clock in the form RTCP uses: microseconds since 1900. */
export function ntpNowMicros(): number {
  return Date.now() * 1000 + MICROS_1900_TO_1970;
}

export class RtpClock {
  readonly #tracks: TrackClock[];
  readonly #headroomMs: number;
  #epochMicros: number | undefined;
  #version = 0;

  /** `headroomMs`: how much earlier than its first timestamp a stream may have to start, for decoding times of reordered video. */
  constructor(rates: readonly number[], headroomMs = 0) {
    this.#headroomMs = headroomMs;
    this.#tracks = rates.map((rate) => ({
      rate,
      report: undefined,
      firstArrivalMicros: undefined,
      firstUnwrapped: 0,
      lastRtp: 0,
      lastUnwrapped: 0,
      anchor: undefined,
    }));
  }

  /** Changes each time a track gets an anchor or a new one: readers then need fresh sender reports. */
  get version(): number {
    return this.#version;
  }

  isAnchored(track: number): boolean {
    return this.#tracks[track]?.anchor !== undefined;
  }

  hasStarted(track: number): boolean {
    return this.#tracks[track]?.firstArrivalMicros !== undefined;
  }

  /** A packet of the track passed; must be called for each, in the order of arrival. */
  onPacket(trackIndex: number, rtp: number): void {
    const track = this.#track(trackIndex);
    if (track.firstArrivalMicros === undefined) {
      track.firstArrivalMicros = ntpNowMicros();
      track.lastUnwrapped = track.anchor === undefined ? rtp : unwrap(track, rtp);
      track.lastRtp = rtp;
      track.firstUnwrapped = track.lastUnwrapped;
      if (track.anchor !== undefined) return;
      if (track.report !== undefined) this.#anchor(track, track.report);
      return;
    }
    track.lastUnwrapped = unwrap(track, rtp);
    track.lastRtp = rtp;
  }

  onSenderReport(trackIndex: number, report: SenderReportTime): void {
    const track = this.#track(trackIndex);
    track.report = report;
    if (track.firstArrivalMicros === undefined) return; // anchored with the first packet, which says where media time starts
    if (track.anchor === undefined || this.#epochMicros === undefined) {
      this.#anchor(track, report);
      return;
    }
    const predicted = track.anchor + ticksOf(report.ntpMicros - this.#epochMicros, track.rate);
    const error = unwrap(track, report.rtp) - predicted;
    if (Math.abs(error) * 1e6 <= REANCHOR_MICROS * track.rate) return;
    track.anchor += error;
    this.#version += 1;
  }

  /** For a publisher that sends no report in time: lines the track up by when its first packet arrived. */
  anchorByArrival(trackIndex: number): void {
    const track = this.#track(trackIndex);
    if (track.anchor !== undefined || track.firstArrivalMicros === undefined) return;
    const peer = this.#tracks.find((other) => other.anchor !== undefined && other.firstArrivalMicros !== undefined);
    let ntpMicros = track.firstArrivalMicros;
    if (peer?.anchor !== undefined && peer.firstArrivalMicros !== undefined && this.#epochMicros !== undefined) {
      const peerMediaMicros = ((peer.firstUnwrapped - peer.anchor) * 1e6) / peer.rate;
      ntpMicros =
        this.#epochMicros + Math.round(peerMediaMicros) + (track.firstArrivalMicros - peer.firstArrivalMicros);
    }
    this.#anchor(track, { ntpMicros, rtp: track.firstUnwrapped % 2 ** 32 });
  }

  /**
   * Sets the mapping outright, for packets that the relay itself makes: `rtpAtZero` is the timestamp of media time zero, `firstMs`
   * the media time at which packets will start.
   */
  fix(epochNtpMicros: number, rtpAtZero: readonly number[], firstMs: number): void {
    this.#epochMicros = epochNtpMicros;
    this.#tracks.forEach((track, index) => {
      track.anchor = rtpAtZero[index] ?? 0;
      track.lastUnwrapped = track.anchor + Math.round((firstMs * track.rate) / 1000);
      track.lastRtp = track.lastUnwrapped >>> 0;
    });
    this.#version += 1;
  }

  /** Media time of an RTP timestamp near the latest one, in ticks of the track's clock; negative before the epoch. */
  ticks(trackIndex: number, rtp: number): number {
    const track = this.#track(trackIndex);
    if (track.anchor === undefined) throw new RangeError('the track has no anchor yet');
    return unwrap(track, rtp) - track.anchor;
  }

  /** Whole second of media time at or before this RTP timestamp. */
  secondOf(trackIndex: number, rtp: number): number {
    return Math.floor(this.ticks(trackIndex, rtp) / this.#track(trackIndex).rate);
  }

  /** What a sender report for this whole second of media time says. */
  reportAt(trackIndex: number, second: number): SenderReportTime | undefined {
    const track = this.#track(trackIndex);
    if (track.anchor === undefined || this.#epochMicros === undefined) return undefined;
    return { ntpMicros: this.#epochMicros + second * 1e6, rtp: (track.anchor + second * track.rate) >>> 0 };
  }

  #anchor(track: TrackClock, report: SenderReportTime): void {
    const reportUnwrapped = unwrap(track, report.rtp);
    if (this.#epochMicros === undefined) {
      const firstMicros = report.ntpMicros + ((track.firstUnwrapped - reportUnwrapped) * 1e6) / track.rate;
      // Ten microseconds of grace: the report's own rounding must not push a first packet on a whole millisecond below it.
      const firstMs = Math.floor((firstMicros + 10) / 1000);
      this.#epochMicros = (firstMs - this.#headroomMs) * 1000;
    }
    track.anchor = reportUnwrapped - ticksOf(report.ntpMicros - this.#epochMicros, track.rate);
    this.#version += 1;
  }

  #track(index: number): TrackClock {
    const track = this.#tracks[index];
    if (track === undefined) throw new RangeError(`no track ${index}`);
    return track;
  }
}

function ticksOf(micros: number, rate: number): number {
  // In two parts, so that the product stays far below 2^53 for any stream length.
  const seconds = Math.floor(micros / 1e6);
  return seconds * rate + Math.round(((micros - seconds * 1e6) * rate) / 1e6);
}

/** Extends a 32-bit timestamp past its wrap, taking it as the nearest to the last one seen. */
function unwrap(track: TrackClock, rtp: number): number {
  return track.lastUnwrapped + ((rtp - track.lastRtp) | 0);
}
