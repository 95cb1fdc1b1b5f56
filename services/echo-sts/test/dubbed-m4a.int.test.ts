import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startServer } from './server.ts';

const run = promisify(execFile);
const RATE_HZ = 48_000;
let folder = '';
let temporary = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'test-of-echo-sts-'));
  temporary = join(folder, 'tmp');
  await mkdir(temporary);
  vi.stubEnv('TMPDIR', temporary);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** Half a second of silence, then a second and a half of a tone, as AAC. */
async function tone(extension: string, args: string[]): Promise<Buffer> {
  const path = join(folder, `tone.${extension}`);
  const source = [
    '-f',
    'lavfi',
    '-i',
    `sine=1000:sample_rate=${RATE_HZ}:duration=2`,
    '-af',
    'adelay=500,atrim=end=2',
    '-ac',
    '2',
    '-c:a',
    'aac',
  ];
  await run('ffmpeg', ['-v', 'error', '-y', ...source, ...args, path]);
  return readFile(path);
}

async function decode(bytes: Buffer): Promise<{ seconds: number; toneAt: number }> {
  const path = join(folder, 'to-decode');
  await writeFile(path, bytes);
  const options = { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 } as const;
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', path, '-ac', '1', '-f', 's16le', '-'], options);
  const samples = new Int16Array(new Uint8Array(stdout).buffer);
  return { seconds: samples.length / RATE_HZ, toneAt: samples.findIndex((value) => Math.abs(value) > 1_000) / RATE_HZ };
}

describe('config:dubbed_duration with m4a', () => {
  it.each([
    ['MP4 with its index at the end', 'm4a', [], 1.05],
    ['MP4 with its index at the end', 'm4a', [], 0.7],
    ['fragmented MP4', 'mp4', ['-movflags', 'empty_moov+default_base_moof+frag_keyframe'], 0.95],
    ['fragmented MP4', 'mp4', ['-movflags', 'empty_moov+default_base_moof+frag_keyframe'], 1.3],
    ['ADTS', 'aac', [], 1.3],
  ])('gives %s (.%s %j) of %d times the length back in the same container', async (_, extension, args, scale) => {
    const original = await tone(extension, args);
    const server = await startServer();
    const worker = await server.connect();
    await worker.init();
    await worker.control('config:dubbed_duration', { scale });
    worker.send(0, { audio: { format: 'm4a', duration_ms: 2_000, data_base64: original.toString('base64') } });
    const processed = await worker.next('fragment:processed');
    expect(processed).toMatchObject({ status: 'success', dubbed_audio: { format: 'm4a', duration_ms: 2_000 * scale } });
    const dubbed = Buffer.from(processed.dubbed_audio.data_base64, 'base64');
    const kind = (bytes: Buffer) => (bytes[0] === 0xff ? 'adts' : bytes.includes('moof') ? 'fragmented' : 'mp4');
    expect(kind(dubbed)).toBe(kind(original));
    // Only an unfragmented MP4 says how long the priming is; and the last frame is decoded whole, whatever is in it.
    const frames = extension === 'm4a' ? 1 : 3;
    const { seconds, toneAt } = await decode(dubbed);
    expect(seconds - 2 * scale).toBeGreaterThan(-0.001);
    expect(seconds - 2 * scale).toBeLessThan((frames * 1_024) / RATE_HZ);
    if (extension === 'm4a') expect(Math.abs(toneAt - (await decode(original)).toneAt)).toBeLessThan(0.002);
    expect(await readdir(temporary)).toEqual([]);
  });

  it('answers a burst in order', async () => {
    const data_base64 = (await tone('m4a', [])).toString('base64');
    const server = await startServer();
    const worker = await server.connect();
    await worker.init();
    await worker.control('config:dubbed_duration', { scale: 0.5 });
    for (let number = 0; number < 5; number += 1)
      worker.send(number, { audio: { format: 'm4a', duration_ms: 2_000, data_base64 } });
    await worker.next('fragment:processed', ({ sequence_number }) => sequence_number === 4);
    expect(worker.all('fragment:processed').map((one) => [one.sequence_number, one.status])).toEqual(
      [0, 1, 2, 3, 4].map((number) => [number, 'success']),
    );
  });

  it.each([
    ['noise', () => 'this is not AAC at all, whatever it says it is'],
    // FFmpeg would open what it names, if it were left to guess what the audio is.
    [
      'a playlist that names a file of the server',
      () => `#EXTM3U\n#EXTINF:2,\nfile://${folder}/tone.aac\n#EXT-X-ENDLIST\n`,
    ],
  ])('answers %s with a failure of the tts stage', async (_, text) => {
    await tone('aac', []);
    const server = await startServer();
    const worker = await server.connect();
    await worker.init();
    await worker.control('config:dubbed_duration', { scale: 1.05 });
    const data_base64 = Buffer.from(text()).toString('base64');
    worker.send(0, { audio: { format: 'm4a', duration_ms: 2_000, data_base64 } });
    const processed = await worker.next('fragment:processed');
    expect(processed).toMatchObject({ status: 'failed', error: { code: 'MODEL_ERROR', stage: 'tts' } });
    expect(processed.error.message).toMatch(/^ffmpeg could not change the length of the audio/);
    expect(await readdir(temporary)).toEqual([]);
  });
});
