// H.264 NAL units as every part of the relay sees them: types, and the two ways to delimit them in storage (ISO 14496-15 and Annex B).

import { ProtocolError } from '../core/protocol-error.ts';
import { parseSps } from './h264-sps.ts';

export const NAL_IDR = 5;
export const NAL_SPS = 7;
export const NAL_PPS = 8;
/** RTP aggregation and fragmentation types (RFC 6184, 5.2). */
export const NAL_STAP_A = 24;
export const NAL_FU_A = 28;

export function nalType(nal: Uint8Array): number {
  return (nal[0] ?? 0) & 0x1f;
}

/** Whether this RTP payload carries (the start of) an IDR picture. */
export function startsKeyframe(payload: Buffer): boolean {
  const type = nalType(payload);
  if (type === NAL_IDR) return true;
  if (type === NAL_FU_A) {
    const header = payload[1] ?? 0;
    return (header & 0x80) !== 0 && (header & 0x1f) === NAL_IDR;
  }
  if (type !== NAL_STAP_A) return false;
  for (let at = 1; at + 2 < payload.length; ) {
    if (((payload[at + 2] ?? 0) & 0x1f) === NAL_IDR) return true;
    at += 2 + payload.readUInt16BE(at);
  }
  return false;
}

/** Decoder configuration of an AVC stream (ISO 14496-15, 5.3.3.1), as FLV's sequence header carries it. */
export interface AvcConfig {
  lengthSize: number;
  sps: Buffer[];
  pps: Buffer[];
}

export function parseAvcConfig(record: Buffer): AvcConfig {
  if (record.length < 7 || record[0] !== 1) throw new ProtocolError('malformed AVC decoder configuration');
  const lengthSize = ((record[4] ?? 0) & 3) + 1;
  let at = 5;
  const readSets = (count: number): Buffer[] => {
    const sets: Buffer[] = [];
    for (let index = 0; index < count; index += 1) {
      if (at + 2 > record.length) throw new ProtocolError('AVC decoder configuration cut short');
      const length = record.readUInt16BE(at);
      if (length === 0 || at + 2 + length > record.length)
        throw new ProtocolError('AVC decoder configuration cut short');
      sets.push(record.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    return sets;
  };
  const sps = readSets((record[at++] ?? 0) & 0x1f);
  const pps = at < record.length ? readSets(record[at++] ?? 0) : [];
  return { lengthSize, sps, pps };
}

export function buildAvcConfig(sps: readonly Buffer[], pps: readonly Buffer[]): Buffer {
  const first = sps[0];
  if (first === undefined || first.length < 4) throw new ProtocolError('no usable sequence parameter set');
  const withLength = (set: Buffer): Buffer[] => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(set.length);
    return [length, set];
  };
  const parts: Buffer[] = [Buffer.from([1, first[1] ?? 0, first[2] ?? 0, first[3] ?? 0, 0xff, 0xe0 | sps.length])];
  for (const set of sps) parts.push(...withLength(set));
  parts.push(Buffer.from([pps.length]));
  for (const set of pps) parts.push(...withLength(set));
  const info = parseSps(first);
  if ([100, 110, 122, 144].includes(info.profile)) {
    parts.push(
      Buffer.from([0xfc | info.chromaFormat, 0xf8 | (info.bitDepthLuma - 8), 0xf8 | (info.bitDepthChroma - 8), 0]),
    );
  }
  return Buffer.concat(parts);
}

/** NAL units of a length-prefixed access unit. Empty units are skipped. */
export function splitAvcc(data: Buffer, lengthSize: number): Buffer[] {
  const nals: Buffer[] = [];
  let at = 0;
  while (at < data.length) {
    if (at + lengthSize > data.length) throw new ProtocolError('access unit cut short in a NAL length');
    const length = data.readUIntBE(at, lengthSize);
    at += lengthSize;
    if (at + length > data.length) throw new ProtocolError('NAL unit longer than its access unit');
    if (length > 0) nals.push(data.subarray(at, at + length));
    at += length;
  }
  return nals;
}

/** A length-prefixed access unit (4-byte lengths) after `prefix`, in one buffer. */
export function joinAvcc(prefix: Buffer, nals: readonly Buffer[]): Buffer {
  const out = Buffer.allocUnsafe(nals.reduce((sum, nal) => sum + 4 + nal.length, prefix.length));
  prefix.copy(out);
  let at = prefix.length;
  for (const nal of nals) {
    out.writeUInt32BE(nal.length, at);
    nal.copy(out, at + 4);
    at += 4 + nal.length;
  }
  return out;
}
