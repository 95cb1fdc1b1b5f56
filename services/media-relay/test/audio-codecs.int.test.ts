// Sound that is not AAC: passed to RTSP readers byte for byte, and left out for RTMP readers, who still get the picture.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { packetsOf, publish, start, stopAll } from './ffmpeg.ts';
import { type RunningRelay, startRelay } from './relay-fixture.ts';

let folder: string;
let relay: RunningRelay;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'media-relay-audio-'));
  relay = await startRelay();
});
afterEach(stopAll);
afterAll(async () => {
  await relay.relay.close();
  rmSync(folder, { recursive: true, force: true });
});

const LIST = ['-v', 'error', '-show_entries', 'packet=codec_type,size:stream=codec_name', '-of', 'csv=p=0'];

/** Names of the codecs, and how many bytes of sound came. */
async function readAll(args: readonly string[]): Promise<{ codecs: string[]; soundBytes: number; pictures: number }> {
  const { stdout } = await start([...LIST, ...args], 'ffprobe').done;
  const rows = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(','));
  const sizes = rows.filter(([kind]) => kind === 'audio').map(([, size]) => Number(size));
  return {
    codecs: rows.filter((row) => row.length === 1).flat(),
    soundBytes: sizes.reduce((sum, size) => sum + size, 0),
    pictures: rows.filter(([kind]) => kind === 'video').length,
  };
}

test.each([
  ['opus', ['libopus', '-ac', '2'], 'Opus'],
  ['pcm_mulaw', ['pcm_mulaw', '-ar', '8000', '-ac', '1'], 'G711'],
  ['pcm_alaw', ['pcm_alaw', '-ar', '8000', '-ac', '1'], 'G711'],
  ['adpcm_g722', ['g722', '-ar', '16000', '-ac', '1'], 'G722'],
  ['mp3', ['libmp3lame', '-ar', '44100', '-ac', '2'], 'MPEG-1/2 Audio'],
  ['vorbis', ['libvorbis', '-ac', '2'], 'Vorbis'],
  ['pcm_s16be', ['pcm_s16be', '-ac', '2'], 'LPCM'],
] as const)('%s goes from an RTSP publisher to RTSP readers', async (codec, encoder, name) => {
  const file = join(folder, `${codec}.${codec === 'pcm_s16be' ? 'mov' : 'mkv'}`);
  const source = ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=15:d=2', '-f', 'lavfi', '-i', 'sine=440:r=48000:d=2'];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '5', '-bf', '0'];
  execFileSync('nice', ['ffmpeg', '-v', 'error', ...source, ...video, '-c:a', ...encoder, file]);
  const sent = packetsOf(file).audio.reduce((sum, { size }) => sum + size, 0);
  const path = `live/${codec}`;
  const rtsp = readAll(['-rtsp_transport', 'tcp', relay.rtspUrl(path)]);
  const rtmp = readAll([relay.rtmpUrl(path)]);
  await relay.waitingReaders(2);
  const publisher = publish(file, 'rtsp-tcp', relay, path);
  const tracks = async () => ((await relay.api(`/v3/paths/get/${path}`)).body as { tracks?: unknown }).tracks;
  await expect.poll(tracks).toEqual(['H264', name]);
  expect((await publisher.done).stderr).toBe('');
  const got = await rtsp;
  expect(got.codecs).toEqual(['h264', codec]);
  expect(got.pictures).toBe(30);
  // FFmpeg's RTSP publisher never sends what it still collects for a packet when it ends; its reader adds headers to some codecs.
  expect(got.soundBytes / sent).toBeGreaterThan(0.85);
  expect(got.soundBytes / sent).toBeLessThan(1.02);
  const overRtmp = await rtmp;
  expect(overRtmp).toEqual({ codecs: ['h264'], soundBytes: 0, pictures: 30 });
});
