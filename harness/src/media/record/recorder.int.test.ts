import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { poll } from '../../base/poll.ts';
import { startPublisher } from '../publish/index.ts';
import { type Clip, makeClip, packetsOf, picturesOf } from '../testing/clip.ts';
import { startRelay, type TestRelay } from '../testing/relay.ts';
import { type Recorder, type RecordFacts, startRecorder } from './index.ts';

const never = new AbortController().signal;
let folder: string;
let clip: Clip;
let relay: TestRelay;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'testcard-recorder-'));
  clip = await makeClip(folder, 3);
  relay = await startRelay();
});
afterAll(async () => {
  await relay.kill();
  rmSync(folder, { recursive: true });
});

const publish = (url: string, signal = never) => startPublisher({ ...clip, name: 'clip', url }, { signal });
/** Waits until the recorder's facts say so; fails with what they said last. */
const until = async (recorder: Recorder, what: (facts: RecordFacts) => boolean) => {
  const seen = await poll<true>(
    () => (what(recorder.facts()) ? { done: true, value: true } : { done: false, last: recorder.facts() }),
    { withinMs: 20_000, clock: systemClock, everyMs: 5 },
  );
  if (!seen.ok) throw new Error(`not in time; last seen: ${JSON.stringify(seen.last)}`);
};
const factsFile = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.facts.json`), 'utf8')) as RecordFacts;

describe('startRecorder', () => {
  it.each(['rtmp', 'rtsp'] as const)('keeps everything that is published over %s once it waits', async (protocol) => {
    const url = `${relay[protocol]}/live/whole`;
    const recorder = startRecorder({ name: `whole-${protocol}`, url, folder }, { signal: never });
    expect(recorder.status()).toEqual({ name: `whole-${protocol}`, state: 'waiting', bytes: 0 });
    const publisher = await publish(url);
    await publisher.ended;
    await recorder.ended;

    expect(await picturesOf(recorder.path)).toEqual(await picturesOf(clip.path));
    const all = await packetsOf(clip.path);
    // The encoder's priming, before time zero, is not published.
    const sent = { ...all, audio: all.audio.filter(({ ptsMs }) => ptsMs >= 0) };
    const kept = await packetsOf(recorder.path);
    // FFmpeg's RTP muxer never sends the last AAC frame of a stream.
    expect(kept.audio.map(({ sum }) => sum)).toEqual(
      sent.audio.slice(0, protocol === 'rtsp' ? -1 : undefined).map(({ sum }) => sum),
    );
    const shift = (kept.video[0]?.ptsMs ?? 0) - (sent.video[0]?.ptsMs ?? 0);
    for (const kind of ['video', 'audio'] as const) {
      for (const [index, { ptsMs }] of kept[kind].entries()) {
        // Half a millisecond: FLV counts in whole ones.
        expect(Math.abs(ptsMs - (sent[kind][index]?.ptsMs ?? Number.NaN) - shift)).toBeLessThanOrEqual(0.51);
      }
    }
    expect(factsFile(`whole-${protocol}`)).toMatchObject({
      state: 'ended',
      attempts: 1,
      videoPackets: clip.frames,
      rewrittenTimestamps: 0,
    });
    const { firstPacketAtMs = 0, lastPacketAtMs = 0 } = recorder.facts();
    expect(firstPacketAtMs).toBeGreaterThanOrEqual(publisher.facts().firstPacketAtMs ?? Number.NaN);
    expect(lastPacketAtMs - firstPacketAtMs).toBeGreaterThan(2_000);
  });

  it('waits for a server that is not there yet', async () => {
    const first = await startRelay();
    await first.kill(); // its port is free again
    const port = new URL(first.rtmp).port;
    const recorder = startRecorder({ name: 'early', url: `${first.rtmp}/live/early`, folder }, { signal: never });
    await until(recorder, (facts) => facts.lastSeen !== undefined);
    expect(recorder.progress()).toContain('refused');
    const late = await startRelay({ RTMP_PORT: port });
    try {
      await until(recorder, (facts) => facts.attempts > 1);
      const publisher = await publish(`${late.rtmp}/live/early`);
      await publisher.ended;
      await recorder.ended;
      expect(recorder.facts().videoPackets).toBe(clip.frames);
    } finally {
      await recorder.stop(never);
      await late.kill();
    }
  });

  it('tries again and again where readers without a publisher are refused at once', async () => {
    const strict = await startRelay({ READER_WAIT_MS: '0' });
    try {
      const url = `${strict.rtsp}/live/strict`;
      const recorder = startRecorder({ name: 'strict', url, folder }, { signal: never });
      await until(recorder, (facts) => facts.attempts >= 3);
      expect(recorder.facts().lastSeen).toContain('404');
      const publisher = await publish(url);
      await publisher.ended;
      await recorder.ended;
      const { videoPackets } = recorder.facts();
      expect(videoPackets).toBeGreaterThan(clip.frames / 2); // what came between a refusal and the next attempt is lost
      expect(videoPackets).toBeLessThanOrEqual(clip.frames);
    } finally {
      await strict.kill();
    }
  });

  it.each(['rtmp', 'rtsp'] as const)('leaves a whole file when it is stopped in the middle of %s', async (protocol) => {
    const url = `${relay[protocol]}/live/stopped`;
    const name = `stopped-${protocol}`;
    const recorder = startRecorder({ name, url, folder }, { signal: never });
    const publisher = await publish(url);
    await until(recorder, (facts) => facts.videoPackets >= 30);
    await recorder.stop(never);
    await recorder.ended;
    await publisher.stop(never);
    const { videoPackets, bytes, state } = factsFile(name);
    expect(state).toBe('stopped');
    expect(readFileSync(recorder.path)).toHaveLength(bytes);
    expect((await packetsOf(recorder.path)).video).toHaveLength(videoPackets);
    expect(await picturesOf(recorder.path)).toEqual((await picturesOf(clip.path)).slice(0, videoPackets));
  });

  it('says what it last saw when it is stopped before anything came', async () => {
    const held = startRecorder({ name: 'held', url: `${relay.rtmp}/live/nobody`, folder }, { signal: never });
    await held.stop(never);
    await expect(held.ended).rejects.toMatchObject({
      code: 'STREAM_UNREADABLE',
      message: expect.stringContaining('no packet came'),
    });
    expect(held.status()).toMatchObject({ state: 'failed', problem: expect.stringContaining('never readable') });
    expect(existsSync(held.path)).toBe(false);

    const refused = startRecorder({ name: 'refused', url: 'rtmp://127.0.0.1:9/live/x', folder }, { signal: never });
    await until(refused, (facts) => facts.lastSeen !== undefined);
    await refused.stop(never);
    await expect(refused.ended).rejects.toMatchObject({ message: expect.stringContaining('refused') });
  });

  it('ends with the case, and its process with it', async () => {
    const kase = new AbortController();
    const recorder = startRecorder({ name: 'case', url: `${relay.rtsp}/live/case`, folder }, { signal: kase.signal });
    kase.abort(new Error('time is up'));
    await expect(recorder.ended).rejects.toMatchObject({ code: 'STREAM_UNREADABLE' });
  });

  it('keeps what had come when the server is killed', async () => {
    const doomed = await startRelay();
    const url = `${doomed.rtmp}/live/doomed`;
    const recorder: Recorder = startRecorder({ name: 'doomed', url, folder }, { signal: never });
    const publisher = await publish(url);
    await until(recorder, (facts) => facts.videoPackets >= 30);
    await doomed.kill('SIGKILL');
    await recorder.ended;
    await expect(publisher.ended).rejects.toMatchObject({ code: 'PUBLISH_FAILED' });
    expect((await packetsOf(recorder.path)).video).toHaveLength(recorder.facts().videoPackets);
  });

  it('fails when the disk is full', async () => {
    symlinkSync('/dev/full', join(folder, 'full.flv'));
    const url = `${relay.rtmp}/live/full`;
    const recorder = startRecorder({ name: 'full', url, folder }, { signal: never });
    const publisher = await publish(url);
    await expect(recorder.ended).rejects.toMatchObject({
      code: 'STEP_INCONCLUSIVE',
      message: expect.stringContaining('ENOSPC'),
    });
    expect(recorder.status()).toMatchObject({ state: 'failed', problem: expect.stringContaining('ENOSPC') });
    await publisher.stop(never);
  });

  it('refuses an address that it cannot record', () => {
    const attempt = () => startRecorder({ name: 'http', url: 'http://127.0.0.1/x', folder }, { signal: never });
    expect(attempt).toThrow(expect.objectContaining({ code: 'STREAM_UNREADABLE' }));
  });
});
