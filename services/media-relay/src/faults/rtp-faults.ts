// Faults on the packets of an RTSP publisher. What is taken away or put in is renumbered, so that only losses look like losses.

import { DecodeTimes } from '../codec/decode-times.ts';
import { NAL_PPS, NAL_SPS, NAL_STAP_A, nalType, startsKeyframe } from '../codec/h264.ts';
import { parseSps } from '../codec/h264-sps.ts';
import type { SdpMedia } from '../codec/sdp.ts';
import { decodeLeadMs, describedParameterSets } from '../convert/rtp-to-flv.ts';
import type { RtpFeed, RtpItem } from '../core/rtp-feed.ts';
import { FaultLine, type Freezer, newestBefore } from './fault-line.ts';
import type { ActiveFaults } from './media-fault.ts';

export function createRtpFaults(
  faults: ActiveFaults,
  feed: RtpFeed,
  hooks: { emit(item: RtpItem): void; guard(run: () => void): void },
): FaultLine<RtpItem> {
  const { media, clock } = feed;
  const numbers = media.map(() => new Renumbering());
  const rate = (item: RtpItem) => media[item.track]?.clockRate ?? 90_000;
  const retimed = (item: RtpItem, shiftMs: number) =>
    (item.header.timestamp + Math.round((shiftMs * rate(item)) / 1000)) >>> 0;
  const send = (item: RtpItem, sequence: number, shiftMs: number) => {
    hooks.emit(rewritten(item, sequence, retimed(item, shiftMs)));
  };
  return new FaultLine(
    faults,
    {
      kindOf: ({ track }) => {
        const kind = media[track]?.kind;
        return kind === 'video' || kind === 'audio' ? kind : 'other';
      },
      timeMs: (item) =>
        clock.isAnchored(item.track) ? (clock.ticks(item.track, item.header.timestamp) * 1000) / rate(item) : undefined,
      isMedia: () => true,
      continuesFrame: (item, shiftMs) => feed.isOfNewestFrame(item.track, retimed(item, shiftMs)),
      emit: (item, shiftMs) => send(item, numbers[item.track]?.pass(item.header.sequence) ?? 0, shiftMs),
      insert: (item, shiftMs) => send(item, numbers[item.track]?.insert(item.header.sequence) ?? 0, shiftMs),
      remove: (item) => numbers[item.track]?.remove(item.header.sequence),
      lose: (item) => void numbers[item.track]?.pass(item.header.sequence),
    },
    new RtpFreezer(feed),
    hooks.guard,
  );
}

/** Sequence numbers of one track behind packets taken away and put in. */
class Renumbering {
  #lastIn: number | undefined;
  #lastOut = 0;

  pass(sequence: number): number {
    this.#start(sequence);
    this.#lastOut = (this.#lastOut + sequence - (this.#lastIn ?? 0)) & 0xffff;
    this.#lastIn = sequence;
    return this.#lastOut;
  }

  remove(sequence: number): void {
    this.#start(sequence);
    this.#lastIn = sequence;
  }

  /** `sequence`: where numbering starts when nothing passed before. */
  insert(sequence: number): number {
    this.#start(sequence);
    this.#lastOut = (this.#lastOut + 1) & 0xffff;
    return this.#lastOut;
  }

  #start(sequence: number): void {
    if (this.#lastIn !== undefined) return;
    this.#lastIn = (sequence - 1) & 0xffff;
    this.#lastOut = this.#lastIn;
  }
}

function rewritten(item: RtpItem, sequence: number, timestamp: number): RtpItem {
  const inPacket = item.packet.readUInt32BE(4);
  if (sequence === item.packet.readUInt16BE(2) && timestamp === inPacket) return item;
  const packet = Buffer.from(item.packet);
  packet.writeUInt16BE(sequence, 2);
  packet.writeUInt32BE(timestamp, 4);
  return { ...item, packet, header: { ...item.header, sequence, timestamp } };
}

/** Repeats the last keyframe at the time of every frame: a picture that needs no other, so that it decodes to itself each time. */
export class RtpFreezer implements Freezer<RtpItem> {
  readonly #feed: RtpFeed;
  /** Packets of the picture that stands still. */
  #still: readonly RtpItem[] | undefined;
  /** The frame whose packets come in now, and whether the still picture was sent in its place. */
  #frame: { rtp: number; replaced: boolean } | undefined;
  /** All times are ticks since the freeze began, so that a wrap does not matter. */
  #zeroRtp = 0;
  #newest = Number.NEGATIVE_INFINITY;
  #times: DecodeTimes | undefined;
  #leadTicks = 0;

  constructor(feed: RtpFeed) {
    this.#feed = feed;
  }

  get holds(): boolean {
    return this.#still !== undefined;
  }

  replace(item: RtpItem, frozen: boolean, shiftMs: number): readonly RtpItem[] {
    if (this.#still === undefined && !this.#begin(item, shiftMs)) return [item];
    const { timestamp, marker, payloadStart, payloadEnd } = item.header;
    const out: RtpItem[] = [];
    if (this.#frame !== undefined && this.#frame.rtp !== timestamp) {
      if (!this.#frame.replaced) out.push(...this.#again(this.#frame.rtp)); // its last packet got lost
      this.#frame = undefined;
    }
    if (!frozen && startsAnew(item.packet.subarray(payloadStart, payloadEnd))) {
      this.#still = undefined;
      this.#frame = undefined;
      return [...out, item];
    }
    this.#frame ??= { rtp: timestamp, replaced: false };
    // At the frame's end: only then is it certain that it does not start with a keyframe's parameter sets.
    if (marker && !this.#frame.replaced) {
      this.#frame.replaced = true;
      out.push(...this.#again(timestamp));
    }
    return out;
  }

  /** False while the frame that is on its way has to be passed on whole, and when there is no keyframe to stand still at yet. */
  #begin(item: RtpItem, shiftMs: number): boolean {
    const media = this.#feed.media[item.track];
    if (media === undefined) return false;
    const shiftTicks = Math.round((shiftMs * media.clockRate) / 1000);
    const pictures = this.#feed.sinceKeyframe().filter(({ track }) => track === item.track);
    const key = pictures[0]?.header.timestamp;
    if (this.#feed.isOfNewestFrame(item.track, (item.header.timestamp + shiftTicks) >>> 0)) return false;
    const still = pictures.filter(({ header }) => header.timestamp === key);
    if (!still.some(({ packet, header }) => startsKeyframe(packet.subarray(header.payloadStart, header.payloadEnd)))) {
      return false;
    }
    const ms = (ticks: number) => (ticks * 1000) / media.clockRate;
    this.#still = still;
    this.#zeroRtp = item.header.timestamp;
    const ahead = pictures.map(({ header }) => ms((header.timestamp - shiftTicks - this.#zeroRtp) | 0));
    this.#newest = (newestBefore(0, ahead) * media.clockRate) / 1000;
    this.#times = decodeTimes(media);
    this.#leadTicks = Math.round((decodeLeadMs(media) * media.clockRate) / 1000);
    return true;
  }

  #again(rtp: number): RtpItem[] {
    // Frames come in decoding order, a picture that needs no other has to go in the order of showing.
    const ticks = Math.round(this.#times?.next((rtp - this.#zeroRtp) | 0) ?? 0) + this.#leadTicks;
    if (ticks <= this.#newest) return [];
    this.#newest = ticks;
    const timestamp = (this.#zeroRtp + ticks) >>> 0;
    return (this.#still ?? []).map((item) => ({ ...item, header: { ...item.header, timestamp } }));
  }
}

function decodeTimes(media: SdpMedia): DecodeTimes {
  const { sps } = describedParameterSets(media);
  const info = sps && parseSps(sps);
  return new DecodeTimes(media.clockRate, info?.reorderFrames, info?.framesPerSecond);
}

/** Whether a payload is, or goes before, a picture that needs none before it. */
function startsAnew(payload: Buffer): boolean {
  const isSet = (type: number) => type === NAL_SPS || type === NAL_PPS;
  const type = nalType(payload);
  return startsKeyframe(payload) || isSet(type) || (type === NAL_STAP_A && isSet((payload[3] ?? 0) & 0x1f));
}
