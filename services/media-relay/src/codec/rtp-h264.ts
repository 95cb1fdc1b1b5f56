// H.264 in RTP (RFC 6184): access units out of packets (single NAL, STAP-A, FU-A) and into them (single NAL, FU-A).

import { ProtocolError } from '../core/protocol-error.ts';
import { NAL_FU_A, NAL_STAP_A, nalType } from './h264.ts';
import type { RtpHeader } from './rtp-packet.ts';

export interface AccessUnit {
  rtp: number;
  nals: Buffer[];
}

const MAX_ACCESS_UNIT_BYTES = 8 * 1024 * 1024;

export class H264Depacketizer {
  readonly #onAccessUnit: (unit: AccessUnit) => void;
  readonly #onLoss: () => void;
  #unit: AccessUnit | undefined;
  #fragments: Buffer[] = [];
  #unitBytes = 0;
  #damaged = false;
  #nextSequence: number | undefined;

  /** `onLoss` is called for each access unit given up because packets of it are missing. */
  constructor(onAccessUnit: (unit: AccessUnit) => void, onLoss: () => void) {
    this.#onAccessUnit = onAccessUnit;
    this.#onLoss = onLoss;
  }

  push(packet: Buffer, header: RtpHeader): void {
    const lost = this.#nextSequence !== undefined && header.sequence !== this.#nextSequence;
    this.#nextSequence = (header.sequence + 1) & 0xffff;
    if (this.#unit !== undefined && this.#unit.rtp !== header.timestamp) {
      if (lost) this.#damaged = true; // the end of that unit may be among what is missing
      this.#finish();
    }
    this.#unit ??= { rtp: header.timestamp, nals: [] };
    if (lost) {
      this.#damaged = true;
      this.#fragments = [];
    }
    this.#unitBytes += packet.length;
    if (this.#unitBytes > MAX_ACCESS_UNIT_BYTES) throw new ProtocolError('access unit too large');
    this.#takePayload(this.#unit, packet.subarray(header.payloadStart, header.payloadEnd));
    if (header.marker) this.#finish();
  }

  /** No more packets will come: hands over a last unit whose marker is missing. */
  flush(): void {
    if (this.#unit !== undefined) this.#finish();
  }

  #takePayload(unit: AccessUnit, payload: Buffer): void {
    if (payload.length === 0) return; // keep-alive packets of some encoders
    const type = nalType(payload);
    if (type >= 1 && type <= 23) {
      unit.nals.push(payload);
    } else if (type === NAL_STAP_A) {
      for (let at = 1; at < payload.length; ) {
        if (at + 2 > payload.length) throw new ProtocolError('STAP-A cut short');
        const length = payload.readUInt16BE(at);
        if (at + 2 + length > payload.length) throw new ProtocolError('STAP-A cut short');
        if (length > 0) unit.nals.push(payload.subarray(at + 2, at + 2 + length));
        at += 2 + length;
      }
    } else if (type === NAL_FU_A) {
      this.#takeFragment(unit, payload);
    } else {
      throw new ProtocolError(`RTP payload structure ${type} is not supported`);
    }
  }

  #takeFragment(unit: AccessUnit, payload: Buffer): void {
    if (payload.length < 2) throw new ProtocolError('FU-A cut short');
    const header = payload.readUInt8(1);
    if ((header & 0x80) !== 0) {
      this.#fragments = [Buffer.from([(payload.readUInt8(0) & 0xe0) | (header & 0x1f)])];
    } else if (this.#fragments.length === 0) {
      this.#damaged = true; // its start was lost
      return;
    }
    this.#fragments.push(payload.subarray(2));
    if ((header & 0x40) === 0) return;
    unit.nals.push(Buffer.concat(this.#fragments));
    this.#fragments = [];
  }

  #finish(): void {
    const unit = this.#unit;
    const whole = !this.#damaged && this.#fragments.length === 0;
    this.#unit = undefined;
    this.#unitBytes = 0;
    this.#fragments = [];
    this.#damaged = false;
    if (unit === undefined) return;
    if (!whole) this.#onLoss();
    else if (unit.nals.length > 0) this.#onAccessUnit(unit);
  }
}

export interface PayloadPart {
  marker: boolean;
  parts: readonly Buffer[];
}

/** Payloads for one access unit, none larger than `maxBytes`; the marker is on the last. */
export function packetizeH264(nals: readonly Buffer[], maxBytes: number): PayloadPart[] {
  const payloads: PayloadPart[] = [];
  nals.forEach((nal, index) => {
    const lastNal = index === nals.length - 1;
    if (nal.length <= maxBytes) {
      payloads.push({ marker: lastNal, parts: [nal] });
      return;
    }
    const indicator = (nal.readUInt8(0) & 0xe0) | NAL_FU_A;
    const type = nal.readUInt8(0) & 0x1f;
    for (let at = 1; at < nal.length; at += maxBytes - 2) {
      const end = Math.min(nal.length, at + maxBytes - 2);
      const startBit = at === 1 ? 0x80 : 0;
      const endBit = end === nal.length ? 0x40 : 0;
      payloads.push({
        marker: lastNal && endBit !== 0,
        parts: [Buffer.from([indicator, startBit | endBit | type]), nal.subarray(at, end)],
      });
    }
  });
  return payloads;
}
