// The FLV container, read and written tag by tag: what the worker's ffmpeg processes speak on their pipes.

export const FLV_AUDIO = 8;
export const FLV_VIDEO = 9;

export interface FlvTag {
  type: number;
  /** DTS, ms; signed. */
  timestampMs: number;
  data: Buffer;
}

const HEADER_BYTES = 13; // "FLV", version, flags, offset, and the first back pointer
const TAG_HEADER_BYTES = 11;
const BACK_POINTER_BYTES = 4;

/** A file header that announces both audio and video, so that a demuxer waits for both. */
export const FLV_HEADER = Buffer.from([0x46, 0x4c, 0x56, 1, 0b101, 0, 0, 0, 9, 0, 0, 0, 0]);

export function encodeFlvTag(tag: FlvTag): Buffer {
  const size = tag.data.length;
  const bytes = Buffer.allocUnsafe(TAG_HEADER_BYTES + size + BACK_POINTER_BYTES);
  bytes[0] = tag.type;
  bytes.writeUIntBE(size, 1, 3);
  bytes.writeUIntBE(tag.timestampMs & 0xff_ff_ff, 4, 3);
  bytes[7] = (tag.timestampMs >>> 24) & 0xff;
  bytes.writeUIntBE(0, 8, 3); // stream id, always 0
  tag.data.copy(bytes, TAG_HEADER_BYTES);
  bytes.writeUInt32BE(TAG_HEADER_BYTES + size, TAG_HEADER_BYTES + size);
  return bytes;
}

/** Cuts a byte stream into tags. Throws on bytes that are not FLV; a tag is at most 16 MiB by its own length field. */
export class FlvReader {
  #pending: Buffer = Buffer.alloc(0);
  #headerSeen = false;

  push(chunk: Buffer): FlvTag[] {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const tags: FlvTag[] = [];
    if (!this.#headerSeen) {
      if (bytes.length < HEADER_BYTES) {
        this.#pending = bytes;
        return tags;
      }
      if (bytes.toString('latin1', 0, 3) !== 'FLV') throw new Error('not an FLV stream');
      this.#headerSeen = true;
      bytes = bytes.subarray(HEADER_BYTES);
    }
    while (bytes.length >= TAG_HEADER_BYTES) {
      const size = bytes.readUIntBE(1, 3);
      const total = TAG_HEADER_BYTES + size + BACK_POINTER_BYTES;
      if (bytes.length < total) break;
      tags.push({
        type: bytes.readUInt8(0) & 0x1f,
        // 31 bits with a sign: what ffmpeg writes of a negative time.
        timestampMs: ((bytes.readUIntBE(4, 3) | (bytes.readUInt8(7) << 24)) << 1) >> 1,
        data: Buffer.from(bytes.subarray(TAG_HEADER_BYTES, TAG_HEADER_BYTES + size)),
      });
      bytes = bytes.subarray(total);
    }
    this.#pending = bytes;
    return tags;
  }
}

/** What the first bytes of an H.264 video tag say. */
export function readVideoTag(tag: FlvTag): { keyframe: boolean; kind: 'config' | 'frame' | 'end'; ptsMs: number } {
  const first = tag.data[0] ?? 0;
  const packetType = tag.data[1] ?? 0;
  // Composition time: signed 24 bits.
  const offsetMs = tag.data.length >= 5 ? (tag.data.readIntBE(2, 3) << 8) >> 8 : 0;
  return {
    keyframe: first >> 4 === 1,
    kind: packetType === 0 ? 'config' : packetType === 1 ? 'frame' : 'end',
    ptsMs: tag.timestampMs + offsetMs,
  };
}

/** The same frame at other times: the coded bytes are untouched. */
export function retimeVideoTag(tag: FlvTag, dtsMs: number, ptsMs: number): FlvTag {
  const data = Buffer.from(tag.data);
  data.writeIntBE(ptsMs - dtsMs, 2, 3);
  return { ...tag, timestampMs: dtsMs, data };
}

/** 0xAF: AAC, and the fixed rate/size/channel bits that FLV prescribes for it whatever the stream really has. */
const AAC_TAG_BYTE = 0xaf;

export function aacConfigTag(audioSpecificConfig: Buffer): FlvTag {
  return {
    type: FLV_AUDIO,
    timestampMs: 0,
    data: Buffer.concat([Buffer.from([AAC_TAG_BYTE, 0]), audioSpecificConfig]),
  };
}

export function aacFrameTag(timestampMs: number, frame: Buffer): FlvTag {
  return { type: FLV_AUDIO, timestampMs, data: Buffer.concat([Buffer.from([AAC_TAG_BYTE, 1]), frame]) };
}
