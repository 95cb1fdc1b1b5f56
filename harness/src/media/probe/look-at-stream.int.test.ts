import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPublisher } from '../publish/index.ts';
import { makeClip, packetsOf } from '../testing/clip.ts';
import { startRelay, type TestRelay } from '../testing/relay.ts';
import { lookAtStream } from './look-at-stream.ts';
import { measureSoundOffset } from './sound-offset.ts';

const never = new AbortController().signal;
let folder: string;
let relay: TestRelay;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'testcard-look-test-'));
  relay = await startRelay();
});
afterAll(async () => {
  await relay.kill();
  rmSync(folder, { recursive: true });
});

describe.each(['rtsp', 'rtmp'] as const)('a look at an %s stream', (protocol) => {
  it('gives the packets that were published, and a checksum of each picture', async () => {
    const clip = await makeClip(folder, 8);
    const url = `${relay[protocol]}/live/look`;
    const publisher = await startPublisher({ ...clip, name: 'c', url }, { signal: never });
    const look = await lookAtStream(url, { forMs: 600, withinMs: 5_000, pictures: true }, never);
    await publisher.stop(never);
    expect(look.tracks.toSorted()).toEqual(['audio', 'video']);
    const video = look.packets.filter(({ kind }) => kind === 'video');
    expect(video.length).toBeGreaterThanOrEqual(10);
    // The first packet is a keyframe, and then each sixth.
    expect(video.slice(0, 7).map(({ isKey }) => isKey)).toEqual([true, false, false, false, false, false, true]);
    expect(Number.isNaN(video[0]?.ptsMs)).toBe(protocol === 'rtsp');
    const steps = video.slice(2).map(({ ptsMs }, index) => ptsMs - (video[index + 1]?.ptsMs ?? 0));
    expect(steps.every((step) => Math.abs(step - 1000 / 30) < 1.5)).toBe(true);
    const published = new Set((await packetsOf(clip.path)).audio.map(({ sum }) => sum));
    const sound = look.packets.filter(({ kind }) => kind === 'audio');
    expect(sound.length).toBeGreaterThan(5);
    expect(sound.every(({ sum }) => published.has(sum))).toBe(true);
    expect(new Set(look.pictures).size).toBe(look.pictures?.length);
    expect(look.missing).toBe(0);
  });

  it('says so when nobody publishes', async () => {
    const url = `${relay[protocol]}/live/nobody`;
    expect(await lookAtStream(url, { forMs: 100, withinMs: 300 }, never)).toEqual({
      tracks: [],
      packets: [],
      missing: 0,
      problem: 'no packet within 300 ms',
    });
    expect(await measureSoundOffset(url, { forMs: 100, withinMs: 300 }, never)).toEqual({
      unmeasured: 'no packet within 300 ms',
    });
  });

  it('finds no offset where there is no test card', async () => {
    const clip = await makeClip(folder, 8);
    const url = `${relay[protocol]}/live/no-card`;
    const publisher = await startPublisher({ ...clip, name: 'c', url }, { signal: never });
    const offset = await measureSoundOffset(url, { forMs: 1_000, withinMs: 5_000 }, never);
    await publisher.stop(never);
    expect(offset).toHaveProperty('unmeasured');
  });

  it('ends with its signal', async () => {
    const kase = new AbortController();
    const looking = lookAtStream(`${relay[protocol]}/live/nobody`, { forMs: 100, withinMs: 9_000 }, kase.signal);
    kase.abort(new Error('time is up'));
    await expect(looking).rejects.toThrow('time is up');
  });
});
