// AAC in RTP as LATM (RFC 6416, 6), which GStreamer publishes by default: access units out of audio mux elements whose configuration
// is in the description.

import { ProtocolError } from '../core/protocol-error.ts';
import { BitReader } from './bit-reader.ts';
import type { AacUnit } from './rtp-aac.ts';
import type { RtpHeader } from './rtp-packet.ts';

const MAX_ELEMENT_BYTES = 64 * 1024;

/**
 * The AudioSpecificConfig inside a description's StreamMuxConfig (ISO 14496-3, 1.7.3), for plain AAC, one program and one access
 * unit an element; undefined for anything else, and for streams that carry their configuration in band.
 */
export function latmAudioConfig(format: ReadonlyMap<string, string>): Buffer | undefined {
  const config = Buffer.from(format.get('config') ?? '', 'hex');
  if (format.get('cpresent') !== '0' || config.length < 4) return undefined;
  const reader = new BitReader(config);
  const version = reader.bits(1);
  reader.bits(1); // all streams same time framing
  const subFrames = reader.bits(6);
  const programs = reader.bits(4);
  const layers = reader.bits(3);
  const audio = reader.bits(16);
  const objectType = audio >> 11;
  const rateIndex = (audio >> 7) & 0x0f;
  const channels = (audio >> 3) & 0x0f;
  const plain = objectType >= 1 && objectType <= 4 && rateIndex !== 15 && channels !== 0;
  if (version !== 0 || subFrames !== 0 || programs !== 0 || layers !== 0 || !plain) return undefined;
  return Buffer.from([audio >> 8, audio & 0xff]);
}

export class LatmDepacketizer {
  readonly #onUnit: (unit: AacUnit) => void;
  #element: Buffer[] = [];
  #elementBytes = 0;
  #nextSequence: number | undefined;
  #skip = false;

  constructor(onUnit: (unit: AacUnit) => void) {
    this.#onUnit = onUnit;
  }

  /** An element may go over several packets; the marker is on its last. */
  push(packet: Buffer, header: RtpHeader): void {
    if (this.#nextSequence !== undefined && header.sequence !== this.#nextSequence && this.#element.length > 0) {
      this.#skip = true; // a piece is missing
    }
    this.#nextSequence = (header.sequence + 1) & 0xffff;
    const payload = packet.subarray(header.payloadStart, header.payloadEnd);
    this.#element.push(payload);
    this.#elementBytes += payload.length;
    if (this.#elementBytes > MAX_ELEMENT_BYTES) throw new ProtocolError('LATM element too large');
    if (!header.marker) return;
    const element = Buffer.concat(this.#element);
    const skip = this.#skip;
    this.#element = [];
    this.#elementBytes = 0;
    this.#skip = false;
    if (!skip) this.#takeElement(header.timestamp, element);
  }

  #takeElement(rtp: number, element: Buffer): void {
    // Length as a run of 255s and a rest (1.7.3.1), then that many bytes.
    let at = 0;
    let length = 0;
    for (;;) {
      const byte = element[at];
      if (byte === undefined) throw new ProtocolError('LATM element cut short');
      at += 1;
      length += byte;
      if (byte !== 255) break;
    }
    if (at + length > element.length) throw new ProtocolError('LATM element cut short');
    if (length > 0) this.#onUnit({ rtp, data: element.subarray(at, at + length) });
  }
}
