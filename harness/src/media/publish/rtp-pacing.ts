// When each RTP packet of a publisher goes out: at the moment that its timestamp says.
//
// FFmpeg does not do that. What fell due while it was connecting leaves in one burst, sound and picture leave in turns, and its packetizer
// keeps an AAC frame until the next one comes (rtpenc_aac.c asks "must it be sent" before the new frame is put in), so that sound leaves
// 21.3 ms after the picture of its moment. The timestamps are right, and whoever goes by the sender reports hears nothing of it. But
// servers that tell a track's time by when its packets come (MediaMTX does unless told otherwise) hand it all on.

import type { RtspPart } from './rtsp-parts.ts';

/** From the first packet's arrival to its departure, beside what FFmpeg keeps sound back: so that no later packet is due before it comes. */
const LEAD_MS = 40;
/** Samples in a frame of AAC-LC (ISO/IEC 14496-3, 4.5.1.1). */
const AAC_FRAME_SAMPLES = 1_024;
/** From the last packet to the request that ends it all: a server that ends a stream at once drops what is on its way to readers then. */
const GOODBYE_MS = 100;
/** A timestamp that is further ahead is no time of this stream. */
const LONGEST_HOLD_MS = 10_000;

interface Track {
  /** A timestamp and its instant, ms of NTP time: of the first sender report (RFC 3550, 6.4.1), then of the latest packet. */
  stamp: number;
  atMs: number;
  lastDueMs: number;
}

export class RtpPacing {
  /** By payload type, Hz. */
  #clockRates = new Map<number, number>();
  #leadMs = LEAD_MS;
  /** By synchronization source. */
  #tracks = new Map<number, Track>();
  /** Departure less NTP time, ms; from the first packet on. */
  #shiftMs: number | undefined;
  #latestDueMs = 0;

  /** When this part is due, on the clock of `nowMs`. The packets of a track stay in order, and a request comes a while after all before it. */
  dueMs(part: RtspPart, nowMs: number): number {
    if (part.kind === 'request') return this.#dueOfRequest(part.text, nowMs);
    const dueMs = this.#dueOfFrame(part.packet, nowMs);
    this.#latestDueMs = Math.max(this.#latestDueMs, dueMs);
    return dueMs;
  }

  #dueOfRequest(text: string, nowMs: number): number {
    if (text.startsWith('ANNOUNCE ')) {
      this.#clockRates = clockRatesIn(text);
      this.#leadMs = LEAD_MS + keptBackMs(text);
    }
    return this.#shiftMs === undefined ? nowMs : Math.max(nowMs, this.#latestDueMs + GOODBYE_MS);
  }

  #dueOfFrame(packet: Buffer, nowMs: number): number {
    if (packet.length < 12) return nowMs;
    const second = packet.readUInt8(1);
    if (second === SENDER_REPORT) this.#noteReport(packet);
    if (isRtcp(second)) return nowMs;
    const clockRate = this.#clockRates.get(second & 0x7f);
    const track = this.#tracks.get(packet.readUInt32BE(8));
    if (clockRate === undefined || !track) return nowMs;
    const stamp = packet.readUInt32BE(4);
    const ticks = (stamp - track.stamp) | 0; // they begin anywhere, and begin again at 2³²
    track.atMs += (ticks * 1_000) / clockRate;
    track.stamp = stamp;
    this.#shiftMs ??= nowMs + this.#leadMs - track.atMs;
    const dueMs = Math.max(nowMs, track.atMs + this.#shiftMs);
    track.lastDueMs = Math.max(track.lastDueMs, Math.min(dueMs, nowMs + LONGEST_HOLD_MS));
    return track.lastDueMs;
  }

  #noteReport(packet: Buffer): void {
    const source = packet.readUInt32BE(4);
    if (packet.length < 20 || this.#tracks.has(source)) return; // FFmpeg's later ones say the same
    const atMs = packet.readUInt32BE(8) * 1_000 + (packet.readUInt32BE(12) * 1_000) / 2 ** 32;
    this.#tracks.set(source, { stamp: packet.readUInt32BE(16), atMs, lastDueMs: 0 });
  }
}

const SENDER_REPORT = 200;
/** RFC 5761, 4. */
const isRtcp = (second: number): boolean => second >= 192 && second <= 223;

/** Payload types that need no rtpmap (RFC 3551, 6), as far as FFmpeg sends them: PCMU, PCMA, G.722, L16, MPEG audio, JPEG, MPEG video and transport streams. */
const STATIC_CLOCK_RATES: Readonly<Record<number, number>> = {
  ...{ 0: 8_000, 8: 8_000, 9: 8_000, 10: 44_100, 11: 44_100 },
  ...{ 14: 90_000, 26: 90_000, 32: 90_000, 33: 90_000 },
};

/** Of a session description (RFC 8866): payload type → Hz. Empty where that of one track is not known: pacing the others alone would tear them apart. */
function clockRatesIn(announce: string): Map<number, number> {
  const mapped = new Map(
    [...announce.matchAll(/^a=rtpmap:(\d+) [^/\r\n]+\/(\d+)/gm)].map(([, type, rate]) => [Number(type), Number(rate)]),
  );
  const types = [...announce.matchAll(/^m=\w+ \d+ RTP\/AVP (\d+)/gm)].map(([, type]) => Number(type));
  const rates = types.map((type) => [type, mapped.get(type) ?? STATIC_CLOCK_RATES[type]] as const);
  return new Map(rates.every((each): each is readonly [number, number] => each[1] !== undefined) ? rates : []);
}

/** How long FFmpeg's packetizer keeps sound: a frame of AAC in access units (RFC 3640), nothing of the others. */
function keptBackMs(announce: string): number {
  const rate = /^a=rtpmap:\d+ mpeg4-generic\/(\d+)/im.exec(announce)?.[1];
  return rate === undefined ? 0 : (AAC_FRAME_SAMPLES * 1_000) / Number(rate);
}
