// Watches packets leave FFmpeg one by one: a second output in `framecrc` form gives a line for each packet, right after the
// first output has taken it. Exact where `-progress` is sampled, and it costs one short line a packet.

import { splitLines } from '../../base/lines.ts';

export interface TappedPacket {
  kind: 'video' | 'audio' | 'other';
  ptsMs: number;
  durationMs: number;
  sizeBytes: number;
  /** Checksum of its bytes, as FFmpeg prints it. */
  sum: string;
  isKey: boolean;
}

/** Arguments of the extra output, to stand after the real one. `maps` must name the same streams as the real output's. */
export function tapArguments(maps: readonly string[], pipe: number): string[] {
  return [...maps, '-c', 'copy', '-f', 'framecrc', '-flush_packets', '1', `pipe:${pipe}`];
}

/** Takes the bytes of the pipe; calls `onPacket` for each packet as its line arrives. */
export function readTap(onPacket: (packet: TappedPacket) => void): (chunk: Uint8Array) => void {
  const timeBases: number[] = [];
  const kinds: TappedPacket['kind'][] = [];
  const lines = splitLines((line) => {
    if (line.startsWith('#')) {
      const [, key, stream, value = ''] = /^#(\w+) (\d+): (\S+)/.exec(line) ?? [];
      const index = Number(stream);
      if (key === 'media_type') kinds[index] = value === 'video' || value === 'audio' ? value : 'other';
      if (key === 'tb') {
        const [num, den] = value.split('/').map(Number);
        timeBases[index] = ((num ?? 1) / (den ?? 1)) * 1_000;
      }
      return;
    }
    // stream, dts, pts, duration, size, checksum; then `F=0x…` where the flags are not those of a keyframe
    const cells = line.split(',').map((cell) => cell.trim());
    const [stream, , pts, duration, size] = cells.map(Number);
    const flags = cells.find((cell) => cell.startsWith('F='));
    const timeBaseMs = timeBases[stream ?? -1];
    if (stream === undefined || pts === undefined || timeBaseMs === undefined || Number.isNaN(pts)) return;
    onPacket({
      kind: kinds[stream] ?? 'other',
      ptsMs: pts * timeBaseMs,
      durationMs: (duration ?? 0) * timeBaseMs,
      sizeBytes: size ?? 0,
      sum: cells[5] ?? '',
      isKey: flags === undefined || (Number(flags.slice(2)) & 1) === 1,
    });
  }, 4_096);
  return (chunk) => lines.push(chunk);
}
