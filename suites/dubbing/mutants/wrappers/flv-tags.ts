// Reads and writes FLV tag by tag, as much of it as a defect of the output needs.

import type { FlvTag } from '../mutant.ts';

const VIDEO = 9;
const HEADER_BYTES = 13;
const TAG_HEADER_BYTES = 11;
const BACK_POINTER_BYTES = 4;

export const FLV_HEADER = Buffer.from([0x46, 0x4c, 0x56, 1, 0b101, 0, 0, 0, 9, 0, 0, 0, 0]);

/** Cuts chunks of an FLV stream into tags. */
export function createFlvReader(): (chunk: Buffer) => FlvTag[] {
  let pending: Buffer = Buffer.alloc(0);
  let header = false;
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    const tags: FlvTag[] = [];
    if (!header) {
      if (pending.length < HEADER_BYTES) return tags;
      header = true;
      pending = pending.subarray(HEADER_BYTES);
    }
    while (pending.length >= TAG_HEADER_BYTES) {
      const size = pending.readUIntBE(1, 3);
      const end = TAG_HEADER_BYTES + size + BACK_POINTER_BYTES;
      if (pending.length < end) break;
      tags.push({
        type: pending.readUInt8(0) & 0x1f,
        timestampMs: pending.readUIntBE(4, 3) | (pending.readUInt8(7) << 24),
        data: Buffer.from(pending.subarray(TAG_HEADER_BYTES, TAG_HEADER_BYTES + size)),
      });
      pending = pending.subarray(end);
    }
    return tags;
  };
}

export function encodeFlvTag({ type, timestampMs, data }: FlvTag): Buffer {
  const bytes = Buffer.alloc(TAG_HEADER_BYTES + data.length + BACK_POINTER_BYTES);
  bytes[0] = type;
  bytes.writeUIntBE(data.length, 1, 3);
  bytes.writeUIntBE(timestampMs & 0xff_ff_ff, 4, 3);
  bytes[7] = (timestampMs >>> 24) & 0xff;
  data.copy(bytes, TAG_HEADER_BYTES);
  bytes.writeUInt32BE(TAG_HEADER_BYTES + data.length, TAG_HEADER_BYTES + data.length);
  return bytes;
}

/** Of a picture or sound itself, not of the headers before them. */
export function isFrame(tag: FlvTag): boolean {
  return tag.data[1] === 1;
}

export function isVideo(tag: FlvTag): boolean {
  return tag.type === VIDEO;
}

export function isKeyframe(tag: FlvTag): boolean {
  return isVideo(tag) && isFrame(tag) && (tag.data[0] ?? 0) >> 4 === 1;
}
