// Faults between real publishers and real readers: their effect is measured in what readers get, never in what the API says.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { call, type FaultClip, makeFaultClip, postFault, soundOffsets, startFaultRun } from './fault-run.ts';
import { stopAll } from './ffmpeg.ts';
import { type RunningRelay, startRelay } from './relay-fixture.ts';

let clip: FaultClip;
let relay: RunningRelay;
beforeAll(async () => {
  clip = makeFaultClip(5);
  relay = await startRelay();
});
afterEach(stopAll);
afterAll(async () => {
  await relay.relay.close();
  clip.remove();
});

const FRAME_MS = 1000 / 30;
const AUDIO_FRAME_MS = 1024 / 48;

const gaps = (times: readonly number[]) => times.slice(1).map((time, index) => time - (times[index] ?? 0));

describe.each(['rtsp-tcp', 'rtmp'] as const)('published over %s', (from) => {
  test('a frozen picture goes on at the frame rate, the same in every frame, and moves again after', async () => {
    const run = await startFaultRun(relay, clip, from);
    await run.frames(40);
    const { body } = await run.post({ kind: 'freeze-video' });
    await run.frames(85);
    const ended = await run.end(body.id);
    const { rtsp, rtmp } = await run.result();
    expect(ended.body.packets).toBeGreaterThanOrEqual(40);
    for (const [protocol, got] of Object.entries({ rtsp, rtmp })) {
      const same = got.pictures.map((picture, index) => picture.sum === got.pictures[index + 1]?.sum);
      const first = same.indexOf(true);
      const last = same.lastIndexOf(true);
      // One stretch without an exception: frozen means frozen.
      expect(same.slice(first, last + 1).every(Boolean), protocol).toBe(true);
      expect(last - first, protocol).toBeGreaterThanOrEqual(38);
      expect(last - first, protocol).toBeLessThanOrEqual(65);
      expect(got.pictures.length, protocol).toBe(150);
      for (const gap of gaps(got.pictures.map(({ ptsMs }) => ptsMs)).slice(1)) {
        expect(Math.abs(gap - FRAME_MS), protocol).toBeLessThan(1.5);
      }
      // Sound is not touched.
      expect(got.audio.length).toBeGreaterThanOrEqual(clip.source.audio.length - 8);
      expect(got.stderr).not.toMatch(/error|corrupt|missing/i);
    }
  });

  test('dropped sound is missing from readers for as long, and the picture is whole', async () => {
    const run = await startFaultRun(relay, clip, from);
    await run.frames(40);
    const { body } = await run.post({ kind: 'drop-audio' });
    await run.frames(85);
    const ended = await run.end(body.id);
    const { rtsp, rtmp } = await run.result();
    for (const got of [rtsp, rtmp]) {
      expect(got.video.length).toBe(150);
      const missing = Math.max(...gaps(got.audio.map(({ pts }) => (pts ?? 0) * 1000)));
      expect(missing).toBeGreaterThan(1_200);
      expect(missing).toBeLessThan(2_200);
      expect(soundOffsets(got, clip.source).every((offset) => Math.abs(offset) < 1.5)).toBe(true);
    }
    expect(ended.body.packets).toBeGreaterThan(from === 'rtmp' ? 50 : 5);
  });

  test('delayed sound is late by exactly so much against the picture, and in step again after', async () => {
    const run = await startFaultRun(relay, clip, from);
    await run.frames(30);
    const { body } = await run.post({ kind: 'delay-audio', delayMs: 300 });
    await run.frames(90);
    await run.end(body.id);
    const { rtsp, rtmp } = await run.result();
    for (const [protocol, got] of Object.entries({ rtsp, rtmp })) {
      const offsets = soundOffsets(got, clip.source);
      const late = offsets.filter((offset) => Math.abs(offset - 300) < 1.5);
      const inStep = offsets.filter((offset) => Math.abs(offset) < 1.5);

      expect(late.length + inStep.length, `${protocol}: nothing in between`).toBe(offsets.length);
      expect(late.length * AUDIO_FRAME_MS, protocol).toBeGreaterThan(1_200);
      expect(inStep.length * AUDIO_FRAME_MS, protocol).toBeGreaterThan(1_500);
      const times = got.audio.map(({ dts }) => dts ?? 0);
      expect(
        gaps(times).every((gap) => gap > 0),
        `${protocol}: never back in time`,
      ).toBe(true);
      expect(got.video.length).toBe(150);
    }
  });

  test('every fifth packet of the picture is lost, and no sound', async () => {
    const run = await startFaultRun(relay, clip, from);
    await run.frames(30);
    const { body } = await run.post({ kind: 'drop-packets', every: 5 });
    await run.frames(70);
    const ended = await run.end(body.id);
    const { rtmp, rtsp } = await run.result();
    const known = new Set(clip.source.video.map(({ crc }) => crc));
    const whole = rtmp.video.filter(({ crc }) => known.has(crc));
    expect(whole.length).toBe(rtmp.video.length); // RTMP has whole frames or none
    expect(150 - rtmp.video.length).toBeGreaterThanOrEqual(ended.body.packets * 0.5);
    // A packet lost between two frames may have belonged to either.
    expect(150 - rtmp.video.length).toBeLessThanOrEqual(ended.body.packets * 2);
    expect(rtsp.video.filter(({ crc }) => known.has(crc)).length).toBeLessThan(145);
    expect(ended.body.packets).toBeGreaterThanOrEqual(8);
    for (const got of [rtsp, rtmp]) expect(got.audio.length).toBeGreaterThanOrEqual(clip.source.audio.length - 8);
  });

  test('restarted timestamps begin at 0 in one step, in step with each other', async () => {
    const run = await startFaultRun(relay, clip, from);
    await run.frames(60);
    const { status, body } = await run.post({ kind: 'restart-timestamps' });
    expect({ status, state: body.state }).toEqual({ status: 201, state: 'ended' });
    await run.result();
    for (const protocol of ['rtsp', 'rtmp'] as const) {
      const { video, audio } = await run.probed(protocol);
      expect(video.length, protocol).toBe(150);
      // FFmpeg's RTSP demuxer has no time for the first packet of a stream.
      const steps = [video, audio].map((packets) => {
        const times = packets.slice(1).map(({ ptsMs }) => ptsMs);
        const at = gaps(times).findIndex((gap) => gap < -100) + 1;
        expect(gaps(times).filter((gap) => gap < -100).length, `${protocol}: once`).toBe(1);
        expect(times[at - 1], protocol).toBeGreaterThan(1_500);
        return { first: times[at] ?? Number.NaN, back: (times[at - 1] ?? 0) - (times[at] ?? 0) };
      });
      const [picture, sound] = steps;
      expect(Math.min(picture?.first ?? Number.NaN, sound?.first ?? Number.NaN), protocol).toBeGreaterThanOrEqual(0);
      expect(Math.max(picture?.first ?? Number.NaN, sound?.first ?? Number.NaN), protocol).toBeLessThan(250);
      // Both moved by the same: what was in step still is.
      const apart = Math.abs((picture?.back ?? 0) + FRAME_MS - (sound?.back ?? 0) - AUDIO_FRAME_MS);
      expect(apart, protocol).toBeLessThan(2.5);
    }
  });

  test('a disconnected publisher loses its connection at once, and its readers the stream', async () => {
    const run = await startFaultRun(relay, clip, from);
    await run.frames(30);
    const { body } = await run.post({ kind: 'disconnect' });
    expect(body.state).toBe('ended');
    const { rtsp, rtmp, publisherCode, tookMs } = await run.result();
    expect(publisherCode).not.toBe(0);
    expect(tookMs).toBeLessThan(4_500);
    for (const got of [rtsp, rtmp]) expect(got.video.length).toBeLessThan(120);
    expect((await relay.api(`/v3/paths/get/${run.path}`)).status).toBe(404);
  });
});

describe('a picture whose frames are sent out of order', () => {
  test.each(['rtsp-tcp', 'rtmp'] as const)('stands still over %s without going back in time', async (from) => {
    using reordered = disposable(makeFaultClip(4, ['-bf', '3', '-b_strategy', '0']));
    const run = await startFaultRun(relay, reordered.clip, from);
    await run.frames(40);
    const { body } = await run.post({ kind: 'freeze-video' });
    await run.frames(70);
    await run.end(body.id);
    const { rtsp, rtmp } = await run.result();
    for (const [protocol, got] of Object.entries({ rtsp, rtmp })) {
      const same = got.pictures.map((picture, index) => picture.sum === got.pictures[index + 1]?.sum);
      const [first, last] = [same.indexOf(true), same.lastIndexOf(true)];
      expect(same.slice(first, last + 1).every(Boolean), protocol).toBe(true);
      expect(last - first, protocol).toBeGreaterThan(20);
      const steps = gaps(got.pictures.map(({ ptsMs }) => ptsMs)).slice(1);
      // Where the picture stops in the middle of reordered ones, FFmpeg's decoder may give two of them the same time.
      expect(Math.min(...steps), protocol).toBeGreaterThanOrEqual(0);
      expect(steps.filter((step) => step === 0).length, protocol).toBeLessThanOrEqual(2);
      expect(Math.max(...steps), `${protocol}: the frame rate stays`).toBeLessThan(FRAME_MS * 5);
      expect(got.pictures.length, protocol).toBeGreaterThan(112);
    }
  });
});

const disposable = (clip: FaultClip) => ({ clip, [Symbol.dispose]: () => clip.remove() });

describe('the API', () => {
  test('lists faults, ends them by time, and says what is wrong with a request', async () => {
    const run = await startFaultRun(relay, clip, 'rtmp');
    await run.frames(10);
    const timed = await run.post({ id: 'mine', kind: 'drop-audio', durationMs: 300 });
    expect(timed).toMatchObject({ status: 201, body: { id: 'mine', state: 'active' } });
    expect((await run.post({ kind: 'drop-audio' })).status).toBe(409);
    expect((await run.post({ id: 'mine', kind: 'freeze-video' })).status).toBe(409);
    expect((await run.post({ kind: 'melt' })).status).toBe(400);
    expect((await run.post({ kind: 'delay-audio' })).status).toBe(400);
    expect((await run.post({ kind: 'drop-packets', every: 0 })).status).toBe(400);
    expect((await run.post({ kind: 'disconnect', durationMs: 5 })).status).toBe(400);
    expect(await postFault(relay, { path: 'live/nobody', kind: 'drop-audio' })).toMatchObject({
      status: 404,
      body: { error: 'nobody publishes on live/nobody' },
    });
    expect((await call(relay, 'DELETE', '/v3/faults/nothing')).status).toBe(404);
    await run.frames(60);
    expect(await call(relay, 'GET', '/v3/faults/mine')).toMatchObject({ status: 200, body: { state: 'ended' } });
    const { rtmp } = await run.result();
    const missing = Math.max(...gaps(rtmp.audio.map(({ pts }) => (pts ?? 0) * 1000)));
    expect(missing).toBeGreaterThan(200);
    expect(missing).toBeLessThan(600);
  });
});
