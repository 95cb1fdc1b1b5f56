// Reads what `ffmpeg -progress` writes: blocks of `key=value` lines, each closed by a `progress=` line.

export interface FfmpegProgress {
  /** Video frames written so far; undefined without video. */
  frame?: number;
  /** Latest timestamp written, ms; undefined until something was written. Includes a start offset under `-copyts`. */
  outTimeMs?: number;
  /** Bytes written; undefined where FFmpeg does not know (network outputs). */
  totalBytes?: number;
  /** Media seconds per wall second. */
  speed?: number;
  /** FFmpeg's last report. */
  final: boolean;
}

/** Feed it lines; each complete block is delivered once. */
export function progressReader(onProgress: (progress: FfmpegProgress) => void): (line: string) => void {
  let block: Record<string, string> = {};
  return (line) => {
    const at = line.indexOf('=');
    if (at < 0) return;
    const key = line.slice(0, at).trim();
    block[key] = line.slice(at + 1).trim();
    if (key !== 'progress') return;
    onProgress(fromBlock(block));
    block = {};
  };
}

function fromBlock(block: Record<string, string>): FfmpegProgress {
  const frame = numberIn(block.frame);
  const outTimeUs = numberIn(block.out_time_us);
  const totalBytes = numberIn(block.total_size);
  const speed = numberIn(block.speed?.replace(/x$/, ''));
  return {
    ...(frame === undefined ? {} : { frame }),
    // Before the first packet FFmpeg 5 prints the smallest 64-bit number instead of N/A.
    ...(outTimeUs === undefined || outTimeUs < -1e15 ? {} : { outTimeMs: outTimeUs / 1_000 }),
    ...(totalBytes === undefined ? {} : { totalBytes }),
    ...(speed === undefined ? {} : { speed }),
    final: block.progress === 'end',
  };
}

function numberIn(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === 'N/A') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
