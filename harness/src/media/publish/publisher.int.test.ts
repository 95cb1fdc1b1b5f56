import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessGuard } from '../../model/processes.ts';
import { startRecorder } from '../record/index.ts';
import { type Clip, makeClip, packetsOf } from '../testing/clip.ts';
import { startRelay, type TestRelay } from '../testing/relay.ts';
import { startPublisher } from './index.ts';

const never = new AbortController().signal;
let folder: string;
let clip: Clip;
let relay: TestRelay;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'testcard-publisher-'));
  clip = await makeClip(folder, 2);
  relay = await startRelay();
});
afterAll(async () => {
  await relay.kill();
  rmSync(folder, { recursive: true });
});

describe('startPublisher', () => {
  it.each(['rtsp', 'rtmp'] as const)(
    'is there once %s has taken the first frame, and goes to the end',
    async (protocol) => {
      const before = Date.now();
      const publisher = await startPublisher(
        { ...clip, name: 'c', url: `${relay[protocol]}/live/a` },
        { signal: never },
      );
      const there = Date.now();
      const { firstFrameAtMs = 0, frames } = publisher.facts();
      expect(firstFrameAtMs).toBeGreaterThanOrEqual(before);
      expect(firstFrameAtMs).toBeLessThanOrEqual(there);
      expect(frames).toBeLessThan(clip.frames);
      await publisher.ended;
      expect(publisher.facts()).toMatchObject({ frames: clip.frames, joins: 0 });
      expect(publisher.facts().publishedMs).toBeCloseTo(clip.durationMs, 0);
      expect(publisher.progress()).toBe('2.0 s of 2 s published');
      // In real time: the last frame is due one frame before the end.
      const tookMs = (publisher.facts().lastPacketAtMs ?? 0) - firstFrameAtMs;
      expect(tookMs).toBeGreaterThan(clip.durationMs - 200);
    },
  );

  it('publishes a clip without sound', async () => {
    const silent = await makeClip(folder, 1, { sound: false });
    const publisher = await startPublisher({ ...silent, name: 's', url: `${relay.rtsp}/live/s` }, { signal: never });
    await publisher.ended;
    expect(publisher.facts()).toMatchObject({ frames: 30, packets: 30 });
  });

  it('waits for a server that comes up late', async () => {
    const gone = await startRelay();
    await gone.kill();
    const publishing = startPublisher({ ...clip, name: 'late', url: `${gone.rtsp}/live/late` }, { signal: never });
    const late = await startRelay({ RTSP_PORT: new URL(gone.rtsp).port });
    try {
      const publisher = await publishing;
      await publisher.stop(never);
      await publisher.ended;
    } finally {
      await late.kill();
    }
  });

  it('gives up in time and says why', async () => {
    const pids: number[] = [];
    const startedAt = Date.now();
    const publishing = startPublisher(
      { ...clip, name: 'c', url: 'rtsp://127.0.0.1:9/live/a' },
      { signal: never, connectWithinMs: 600, guard: guardInto(pids) },
    );
    await expect(publishing).rejects.toMatchObject({
      code: 'PUBLISH_FAILED',
      message: expect.stringMatching(/did not accept c within 600ms: .*refused/),
    });
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    expect(pids).toHaveLength(1); // nothing is started again and again where nobody listens
  });

  it('gives up on a server that takes the connection and then says nothing', async () => {
    const pids: number[] = [];
    const mute = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const publishing = startPublisher(
      { ...clip, name: 'c', url: `rtmp://127.0.0.1:${port}/live/a` },
      { signal: never, connectWithinMs: 700, guard: guardInto(pids) },
    );
    await expect(publishing).rejects.toMatchObject({ message: expect.stringContaining('took the connection but not') });
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
    expect(pids).toHaveLength(1);
    mute.close();
  });

  it('leaves no process when its case ends while it is still trying', async () => {
    const kase = new AbortController();
    const guarded: number[] = [];
    const publishing = startPublisher(
      { ...clip, name: 'c', url: `${relay.rtsp}/live/b` },
      { signal: kase.signal, guard: guardInto(guarded) },
    );
    kase.abort(new Error('time is up'));
    await expect(publishing).rejects.toThrow('time is up');
    await expect.poll(() => guarded.filter(isAlive)).toEqual([]);
  });

  it('tells a publication that broke off from one that was stopped', async () => {
    const doomed = await startRelay();
    const url = `${doomed.rtmp}/live/doomed`;
    const stopped = await startPublisher({ ...clip, name: 'stopped', url }, { signal: never });
    await stopped.stop(never);
    await expect(stopped.ended).resolves.toBeUndefined();
    const broken = await startPublisher({ ...clip, name: 'broken', url: `${url}2` }, { signal: never });
    await doomed.kill('SIGKILL');
    await expect(broken.ended).rejects.toMatchObject({
      code: 'PUBLISH_FAILED',
      message: expect.stringMatching(/publishing broken to \S+ broke off: after \d\.\d s, \S/),
    });
  });

  it('starts at the keyframe at or before `startAtMs`', async () => {
    const publisher = await startPublisher(
      { ...clip, name: 'c', url: `${relay.rtsp}/live/from`, startAtMs: 1_050 },
      { signal: never },
    );
    await publisher.ended;
    expect(publisher.facts().frames).toBe(30); // from 1.0 s on
  });

  it('loops without the sound running away from the picture, and marks the joins', async () => {
    const url = `${relay.rtmp}/live/loop`;
    const short = await makeClip(folder, 1);
    const recorder = startRecorder({ name: 'loop', url, folder }, { signal: never });
    const joins: number[] = [];
    const reached = Promise.withResolvers<void>();
    const publisher = await startPublisher(
      { ...short, name: 'loop', url, loop: true },
      { signal: never, onJoin: ({ round }) => (joins.push(round) === 3 ? reached.resolve() : undefined) },
    );
    await reached.promise;
    expect(publisher.progress()).toMatch(/round 4$/);
    await publisher.stop(never);
    await recorder.ended;
    expect(joins).toEqual([1, 2, 3]);
    const { video, audio } = await packetsOf(recorder.path);
    for (const [kind, dueMs] of [
      ['video', 1_000 / 30],
      ['audio', 1_024 / 48],
    ] as const) {
      const times = { video, audio }[kind].map(({ ptsMs }) => ptsMs);
      expect(times.length).toBeGreaterThan(3_000 / dueMs - 5);
      for (const [index, ptsMs] of times.entries()) {
        expect(Math.abs(ptsMs - (times[0] ?? 0) - index * dueMs)).toBeLessThanOrEqual(1.01); // no step at a join
      }
    }
    // Pictures of a round come again in the next one, in the same order.
    expect(video.slice(30, 60).map(({ sum }) => sum)).toEqual(video.slice(0, 30).map(({ sum }) => sum));
  });

  it('knows a missing file and an address that is none', async () => {
    const missing = { ...clip, path: join(folder, 'none.mp4'), name: 'x', url: `${relay.rtsp}/live/x` };
    await expect(startPublisher(missing, { signal: never })).rejects.toMatchObject({ code: 'FIXTURE_INVALID' });
    const http = { ...clip, name: 'x', url: 'http://127.0.0.1/x' };
    await expect(startPublisher(http, { signal: never })).rejects.toMatchObject({ code: 'PUBLISH_FAILED' });
  });
});

function guardInto(pids: number[]): ProcessGuard {
  return {
    adopt(pid) {
      pids.push(pid);
      return () => {};
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
