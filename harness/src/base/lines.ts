// Cuts a byte stream into text lines, bounded in length, however the bytes arrive.

export interface LineSplitter {
  push(chunk: Uint8Array): void;
  /** Delivers a last line that had no line end. */
  end(): void;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * Calls `onLine` for each line without its line end. A line longer than `maxBytes` (default 64 KiB) is cut and its tail dropped. Lines that
 * `isWanted` says no to by their bytes are not even decoded.
 */
export function splitLines(
  onLine: (line: string, truncated: boolean) => void,
  maxBytes = 64 * 1024,
  isWanted?: (line: Buffer) => boolean,
): LineSplitter {
  let parts: Buffer[] = [];
  let size = 0;
  let dropped = false;
  const take = (piece: Buffer) => {
    const room = maxBytes - size;
    if (piece.length > room) dropped = true;
    const kept = piece.subarray(0, Math.max(0, room));
    if (kept.length > 0) parts.push(Buffer.from(kept));
    size += kept.length;
  };
  const deliver = (bytes: Buffer, from: number, to: number, truncated: boolean) => {
    if (isWanted && !isWanted(bytes.subarray(from, to))) return;
    onLine(bytes.toString('utf8', from, to > from && bytes[to - 1] === CARRIAGE_RETURN ? to - 1 : to), truncated);
  };
  const flush = () => {
    const line = Buffer.concat(parts);
    deliver(line, 0, line.length, dropped);
    parts = [];
    size = 0;
    dropped = false;
  };
  return {
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let from = 0;
      for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, from)) {
        // A line that is whole in this chunk needs no copy.
        if (size === 0 && !dropped) deliver(bytes, from, Math.min(at, from + maxBytes), at - from > maxBytes);
        else {
          take(bytes.subarray(from, at));
          flush();
        }
        from = at + 1;
      }
      if (from < bytes.length) take(bytes.subarray(from));
    },
    end() {
      if (size > 0 || dropped) flush();
    },
  };
}
