// Cuts a byte stream into text lines, bounded in length, however the bytes arrive.

export interface LineSplitter {
  push(chunk: Uint8Array): void;
  /** Delivers a last line that had no line end. */
  end(): void;
}

/**
 * Calls `onLine` for each line without its line end. A line longer than `maxBytes` (default 64 KiB) is cut and its tail dropped. Lines that
 * `isWanted` says no to by their bytes are not even decoded.
 */
export function splitLines(
  onLine: (line: string, truncated: boolean) => void,
  maxBytes = 64 * 1024,
  isWanted: (line: Buffer) => boolean = () => true,
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
  const deliver = (line: Buffer, truncated: boolean) => {
    if (!isWanted(line)) return;
    const text = line.toString('utf8');
    onLine(text.endsWith('\r') ? text.slice(0, -1) : text, truncated);
  };
  const flush = () => {
    deliver(Buffer.concat(parts), dropped);
    parts = [];
    size = 0;
    dropped = false;
  };
  return {
    push(chunk) {
      let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
        const piece = rest.subarray(0, at);
        // A line that is whole in this chunk needs no copy.
        if (size === 0 && !dropped) deliver(piece.subarray(0, maxBytes), piece.length > maxBytes);
        else {
          take(piece);
          flush();
        }
        rest = rest.subarray(at + 1);
      }
      if (rest.length > 0) take(rest);
    },
    end() {
      if (size > 0 || dropped) flush();
    },
  };
}
