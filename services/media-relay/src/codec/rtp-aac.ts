// AAC in RTP (RFC 3640, modes AAC-hbr and AAC-lbr): access units out of packets and into them.

import { ProtocolError } from '../core/protocol-error.ts';
import { BitReader } from './bit-reader.ts';
import type { PayloadPart } from './rtp-h264.ts';
import type { RtpHeader } from './rtp-packet.ts';

export interface AacUnit {
  rtp: number;
  data: Buffer;
}

export interface AacPacking {
  sizeBits: number;
  indexBits: number;
  indexDeltaBits: number;
  frameSamples: number;
}

const MAX_UNIT_BYTES = 64 * 1024;

/** How the SDP's format parameters say that access units are packed. */
export function aacPacking(format: ReadonlyMap<string, string>, frameSamples: number): AacPacking {
  const number = (name: string, fallback: number): number => {
    const value = Number(format.get(name) ?? fallback);
    if (!Number.isInteger(value) || value < 0 || value > 32) throw new ProtocolError(`malformed ${name}`);
    return value;
  };
  const low = format.get('mode')?.toLowerCase() === 'aac-lbr';
  return {
    sizeBits: number('sizelength', low ? 6 : 13),
    indexBits: number('indexlength', low ? 2 : 3),
    indexDeltaBits: number('indexdeltalength', low ? 2 : 3),
    frameSamples,
  };
}

export class AacDepacketizer {
  readonly #packing: AacPacking;
  readonly #onUnit: (unit: AacUnit) => void;
  #fragments: Buffer[] = [];
  #fragmentBytes = 0;
  #fragmentTotal = 0;
  #fragmentRtp = 0;

  constructor(packing: AacPacking, onUnit: (unit: AacUnit) => void) {
    this.#packing = packing;
    this.#onUnit = onUnit;
  }

  push(packet: Buffer, header: RtpHeader): void {
    const payload = packet.subarray(header.payloadStart, header.payloadEnd);
    if (payload.length < 2) throw new ProtocolError('AAC payload cut short');
    const headerBits = payload.readUInt16BE(0);
    const dataStart = 2 + Math.ceil(headerBits / 8);
    if (dataStart > payload.length) throw new ProtocolError('AAC payload cut short');
    const sizes = this.#sizes(payload.subarray(2, dataStart), headerBits);
    let at = dataStart;
    const [first = 0] = sizes;
    if (sizes.length === 1 && first > payload.length - at) {
      this.#fragment(header.timestamp, first, payload.subarray(at));
      return;
    }
    this.#fragments = [];
    sizes.forEach((size, index) => {
      if (at + size > payload.length) throw new ProtocolError('AAC access unit cut short');
      const rtp = (header.timestamp + index * this.#packing.frameSamples) >>> 0;
      if (size > 0) this.#onUnit({ rtp, data: payload.subarray(at, at + size) });
      at += size;
    });
  }

  #sizes(headers: Buffer, headerBits: number): number[] {
    const { sizeBits, indexBits, indexDeltaBits } = this.#packing;
    const reader = new BitReader(headers);
    const sizes: number[] = [];
    let left = headerBits;
    while (left > 0) {
      const width = sizeBits + (sizes.length === 0 ? indexBits : indexDeltaBits);
      if (width === 0 || width > left) throw new ProtocolError('malformed AAC unit headers');
      sizes.push(reader.bits(sizeBits));
      if (reader.bits(width - sizeBits) !== 0) throw new ProtocolError('interleaved AAC is not supported');
      left -= width;
    }
    return sizes;
  }

  /** An access unit larger than a packet comes in pieces that all carry its whole size. */
  #fragment(rtp: number, total: number, piece: Buffer): void {
    if (total > MAX_UNIT_BYTES) throw new ProtocolError('AAC access unit too large');
    if (this.#fragments.length === 0 || this.#fragmentRtp !== rtp || this.#fragmentTotal !== total) {
      this.#fragments = [];
      this.#fragmentBytes = 0;
      this.#fragmentRtp = rtp;
      this.#fragmentTotal = total;
    }
    this.#fragments.push(piece);
    this.#fragmentBytes += piece.length;
    if (this.#fragmentBytes < total) return;
    if (this.#fragmentBytes === total) this.#onUnit({ rtp, data: Buffer.concat(this.#fragments) });
    this.#fragments = [];
  }
}

/** Payloads for one access unit in mode AAC-hbr: one unit a packet, so that nothing waits for the next. */
export function packetizeAac(unit: Buffer, maxBytes: number): PayloadPart[] {
  if (unit.length >= 2 ** 13) throw new ProtocolError('AAC access unit too large for RTP');
  const header = Buffer.alloc(4);
  header.writeUInt16BE(16, 0);
  header.writeUInt16BE(unit.length << 3, 2);
  const payloads: PayloadPart[] = [];
  for (let at = 0; at < unit.length; at += maxBytes - 4) {
    const end = Math.min(unit.length, at + maxBytes - 4);
    payloads.push({ marker: end === unit.length, parts: [header, unit.subarray(at, end)] });
  }
  return payloads;
}
