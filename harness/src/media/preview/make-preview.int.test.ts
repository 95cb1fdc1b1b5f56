import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../ffmpeg/run-tool.ts';
import { makePreview } from './index.ts';

const signal = new AbortController().signal;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'testcard-preview-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function record(name: string, ...codecs: string[]): Promise<string> {
  const path = join(folder, name);
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=1', '-f', 'lavfi', '-i', 'sine=d=1'];
  const made = await runTool('ffmpeg', [...inputs, ...codecs, '-output_ts_offset', '10', '-y', path], { signal });
  expect(made.exitCode).toBe(0);
  return path;
}

/** Codecs and first timestamp of each stream. */
async function streamsOf(path: string): Promise<{ codec: string; startS: number }[]> {
  const wanted = 'stream=codec_name,start_time';
  const { stdout } = await runTool('ffprobe', ['-loglevel', 'error', '-show_entries', wanted, '-of', 'csv=p=0', path], {
    signal,
  });
  return String(stdout)
    .trim()
    .split('\n')
    .map((row) => row.split(','))
    .map(([codec = '', start]) => ({ codec, startS: Number(start) }));
}

describe('makePreview', () => {
  it('copies what browsers know, and begins at 0 though the stream begins at 10 s', async () => {
    const recording = await record('known.flv', '-c:v', 'libx264', '-c:a', 'aac');
    const preview = join(folder, 'known.preview.mp4');
    expect(await makePreview(recording, preview, { signal })).toEqual({ path: preview, how: 'copied' });
    const streams = await streamsOf(preview);
    expect(streams.map(({ codec }) => codec)).toEqual(['h264', 'aac']);
    for (const { startS } of streams) expect(startS).toBeLessThan(0.1);
  });

  it('encodes what they do not know', async () => {
    const recording = await record('unknown.nut', '-c:v', 'mpeg4', '-c:a', 'pcm_alaw', '-ar', '8000');
    const preview = join(folder, 'unknown.preview.mp4');
    expect(await makePreview(recording, preview, { signal })).toEqual({ path: preview, how: 'encoded' });
    expect((await streamsOf(preview)).map(({ codec }) => codec)).toEqual(['h264', 'aac']);
  });

  it('leaves nothing of a recording that cannot be read', async () => {
    const recording = join(folder, 'torn.flv');
    writeFileSync(recording, 'no media');
    const preview = join(folder, 'torn.preview.mp4');
    await expect(makePreview(recording, preview, { signal })).rejects.toMatchObject({ code: 'STREAM_UNREADABLE' });
    expect(existsSync(preview) || existsSync(`${preview}.partial`)).toBe(false);
  });
});
