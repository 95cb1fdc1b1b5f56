// Cuts an FLV byte stream into whole tags, so that a recording never ends in half a one. Source: Adobe FLV specification 10.1, annex E.

export interface FlvTag {
  kind: 'video' | 'audio' | 'script' | 'other';
  /** A codec's configuration rather than a picture or sound. */
  isConfig: boolean;
  /** Decoding time, ms. */
  dtsMs: number;
  sizeBytes: number;
}

/** File header and the size of the tag before the first, which is always 0. */
export const FLV_HEADER_BYTES = 13;
const TAG_HEADER_BYTES = 11;
const TAG_TRAILER_BYTES = 4;
const KINDS: Record<number, FlvTag['kind']> = { 8: 'audio', 9: 'video', 18: 'script' };

/** `push` gives back the bytes that complete tags (the file's header first), in order; what is incomplete waits for more. */
export class FlvTagSplitter {
  #pending: Buffer = Buffer.alloc(0);
  #headerSeen = false;
  readonly #onTag: (tag: FlvTag) => void;

  constructor(onTag: (tag: FlvTag) => void) {
    this.#onTag = onTag;
  }

  /** Throws when the bytes are no FLV. */
  push(chunk: Buffer): Buffer {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    if (!this.#headerSeen) {
      if (bytes.length < FLV_HEADER_BYTES) {
        this.#pending = bytes;
        return Buffer.alloc(0);
      }
      if (bytes.toString('latin1', 0, 3) !== 'FLV') throw new Error('not an FLV stream');
      this.#headerSeen = true;
      at = FLV_HEADER_BYTES;
    }
    while (bytes.length - at >= TAG_HEADER_BYTES) {
      const dataBytes = bytes.readUIntBE(at + 1, 3);
      const sizeBytes = TAG_HEADER_BYTES + dataBytes + TAG_TRAILER_BYTES;
      if (bytes.length - at < sizeBytes) break;
      this.#onTag(describeTag(bytes.subarray(at, at + sizeBytes), dataBytes));
      at += sizeBytes;
    }
    // Copied: a view would keep the whole chunk alive for a few bytes.
    this.#pending = Buffer.from(bytes.subarray(at));
    return bytes.subarray(0, at);
  }
}

function describeTag(tag: Buffer, dataBytes: number): FlvTag {
  const kind = KINDS[(tag[0] ?? 0) & 0x1f] ?? 'other';
  const dtsMs = ((tag[7] ?? 0) << 24) | tag.readUIntBE(4, 3);
  const first = dataBytes > 0 ? (tag[TAG_HEADER_BYTES] ?? 0) : 0;
  const second = dataBytes > 1 ? (tag[TAG_HEADER_BYTES + 1] ?? 0) : 0;
  return { kind, isConfig: isConfig(kind, first, second), dtsMs, sizeBytes: tag.length };
}

function isConfig(kind: FlvTag['kind'], first: number, second: number): boolean {
  if (kind === 'audio') return first >> 4 === 10 && second === 0; // AAC sequence header
  if (kind !== 'video') return false;
  if ((first & 0x80) !== 0) return (first & 0x0f) === 0; // enhanced RTMP: packet type SequenceStart
  return (first & 0x0f) === 7 && second !== 1; // AVC sequence header, and end of sequence
}
