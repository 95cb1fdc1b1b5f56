// RTP headers (RFC 3550, 5.1): read from packets passing through, written for packets that the relay makes itself.

export interface RtpHeader {
  marker: boolean;
  payloadType: number;
  sequence: number;
  timestamp: number;
  ssrc: number;
  /** Where the payload starts and ends (without padding) in the packet. */
  payloadStart: number;
  payloadEnd: number;
}

/** Undefined when these bytes are not an RTP packet. */
export function parseRtp(packet: Buffer): RtpHeader | undefined {
  if (packet.length < 12) return undefined;
  const first = packet.readUInt8(0);
  if (first >> 6 !== 2) return undefined;
  let payloadStart = 12 + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (payloadStart + 4 > packet.length) return undefined;
    payloadStart += 4 + packet.readUInt16BE(payloadStart + 2) * 4;
  }
  let payloadEnd = packet.length;
  if ((first & 0x20) !== 0) payloadEnd -= packet.readUInt8(packet.length - 1);
  if (payloadStart > payloadEnd) return undefined;
  const second = packet.readUInt8(1);
  return {
    marker: (second & 0x80) !== 0,
    payloadType: second & 0x7f,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    payloadStart,
    payloadEnd,
  };
}

/** Numbers and builds the packets of one track that the relay itself sends. */
export class RtpPacketBuilder {
  readonly #payloadType: number;
  readonly #ssrc: number;
  #sequence: number;

  constructor(payloadType: number, ssrc: number, firstSequence: number) {
    this.#payloadType = payloadType;
    this.#ssrc = ssrc;
    this.#sequence = firstSequence;
  }

  build(timestamp: number, marker: boolean, ...payload: readonly Buffer[]): { packet: Buffer; header: RtpHeader } {
    const packet = Buffer.allocUnsafe(payload.reduce((sum, part) => sum + part.length, 12));
    packet.writeUInt8(0x80, 0);
    packet.writeUInt8((marker ? 0x80 : 0) | this.#payloadType, 1);
    packet.writeUInt16BE(this.#sequence, 2);
    packet.writeUInt32BE(timestamp, 4);
    packet.writeUInt32BE(this.#ssrc, 8);
    let at = 12;
    for (const part of payload) at += part.copy(packet, at);
    const header: RtpHeader = {
      marker,
      payloadType: this.#payloadType,
      sequence: this.#sequence,
      timestamp,
      ssrc: this.#ssrc,
      payloadStart: 12,
      payloadEnd: packet.length,
    };
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return { packet, header };
  }
}
