import { expect, it } from 'vitest';
import { type FfmpegProgress, progressReader } from './progress.ts';

function read(lines: string[]): FfmpegProgress[] {
  const seen: FfmpegProgress[] = [];
  const reader = progressReader((progress) => seen.push(progress));
  for (const line of lines) reader(line);
  return seen;
}

it('delivers a block when its last line has come, in our units', () => {
  const block = ['frame=25', 'out_time_us=1000000', 'total_size=1234', 'speed= 360x'];
  expect(read(block)).toEqual([]);
  expect(read([...block, 'progress=continue', 'frame=26', 'progress=end'])).toEqual([
    { frame: 25, outTimeMs: 1_000, totalBytes: 1234, speed: 360, final: false },
    { frame: 26, final: true },
  ]);
});

it('leaves out what FFmpeg does not know yet', () => {
  const block = ['out_time_us=-9223372036854775807', 'total_size=N/A', 'speed=N/A', 'noise', 'progress=continue'];
  expect(read(block)).toEqual([{ final: false }]);
});
