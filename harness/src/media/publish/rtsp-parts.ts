// Cuts what an RTSP client sends into requests and interleaved frames (RFC 2326, 10.12).

export type RtspPart =
  | { kind: 'request'; bytes: Buffer; text: string }
  /** An RTP or RTCP packet, in `bytes` behind `$`, channel and length. */
  | { kind: 'frame'; bytes: Buffer; packet: Buffer };

const DOLLAR = 0x24;
const FRAME_HEADER_BYTES = 4;
const HEADERS_END = Buffer.from('\r\n\r\n');
/** FFmpeg's longest request is an ANNOUNCE of 1 KiB. */
const MOST_REQUEST_BYTES = 64 * 1024;

/** Returns what is complete with each chunk. Throws when a request is longer than 64 KiB, which no publisher's is. */
export function rtspParts(): (chunk: Buffer) => RtspPart[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const parts: RtspPart[] = [];
    for (;;) {
      const size = sizeOfFirst(rest);
      if (size === undefined || rest.length < size) return parts;
      const bytes = rest.subarray(0, size);
      rest = rest.subarray(size);
      parts.push(
        bytes[0] === DOLLAR
          ? { kind: 'frame', bytes, packet: bytes.subarray(FRAME_HEADER_BYTES) }
          : { kind: 'request', bytes, text: bytes.toString('latin1') },
      );
    }
  };
}

/** Undefined while that cannot be told yet. */
function sizeOfFirst(bytes: Buffer): number | undefined {
  if (bytes[0] === DOLLAR) {
    return bytes.length < FRAME_HEADER_BYTES ? undefined : FRAME_HEADER_BYTES + bytes.readUInt16BE(2);
  }
  const headersEnd = bytes.indexOf(HEADERS_END);
  const headers = bytes.toString('latin1', 0, Math.max(headersEnd, 0));
  const size = headersEnd + HEADERS_END.length + Number(/^content-length: *(\d+)/im.exec(headers)?.[1] ?? 0);
  if ((headersEnd < 0 ? bytes.length : size) > MOST_REQUEST_BYTES) {
    throw new Error(`an RTSP request of more than ${MOST_REQUEST_BYTES} bytes`);
  }
  return headersEnd < 0 ? undefined : size;
}
