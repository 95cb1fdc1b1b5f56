import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodeFragment } from '../src/fragment-codec.ts';
import { frameHashes, listen, makeClip } from './clips.ts';
import { answerTo, echo, failure, Pipeline, type Script, until } from './pipeline.ts';

let folder: string;
let clip: string;
let reordered: string;
let pipeline: Pipeline | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'media-service-clips-'));
  clip = join(folder, 'clip.mp4');
  reordered = join(folder, 'reordered.mp4');
  await makeClip(clip, { seconds: 13 });
  await makeClip(reordered, { seconds: 5, bFrames: 3 });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

afterEach(async () => {
  await pipeline?.stop();
  pipeline = undefined;
});

/** What must hold of every recording, whatever the STS did: same pictures, sound in its place, no hole. */
async function expectFaithful(recording: string, original: string): Promise<void> {
  const [recorded, published] = await Promise.all([frameHashes(recording), frameHashes(original)]);
  expect(recorded).toEqual(published);
  const [heard, meant] = [await listen(recording), await listen(original)];
  expect(heard.beeps).toHaveLength(meant.beeps.length);
  for (const [index, beep] of heard.beeps.entries()) {
    expect(Math.abs(beep - (meant.beeps[index] ?? 0)) * 1000).toBeLessThan(1);
  }
  expect(heard.longestGapMs).toBeLessThan(10);
  expect(heard.labelErrorMs).toBeLessThan(1);
}

describe('a dubbed stream', () => {
  it('keeps its pictures bit for bit, its sound in place, and accounts for every fragment', async () => {
    pipeline = await Pipeline.start(echo);
    const { worker, sts } = pipeline;
    const recording = pipeline.record('out.flv');
    const publisher = pipeline.publish(clip);
    await until('ingest started', 5000, () => worker.logged('ingest started')[0]);
    const sent = await until('first fragment', 12_000, () => worker.logged('fragment processed')[0]);
    const published = await until('publishing', 2000, () => worker.logged('publishing started')[0]);
    expect(published.timestamp - sent.timestamp).toBeLessThan(1);
    expect(await publisher.exited).toBe(0);
    // The output closes by itself once its last frame is out.
    await until('output closed', 12_000, () => recording.process.exitCode !== undefined || undefined);
    await until('stream finished', 2000, () => worker.logged('stream finished')[0]);

    await expectFaithful(recording.file, clip);
    expect(sts.fragments.map(({ sequence_number }) => sequence_number)).toEqual([0, 1, 2]);
    expect(sts.fragments.map(({ audio }) => audio.duration_ms).slice(0, 2)).toEqual([6000, 6000]);
    const [fragment] = sts.fragments;
    const pcm = { sampleRateHz: 48_000, channels: 2 };
    const decoded = await decodeFragment(
      Buffer.from(fragment?.audio.data_base64 ?? '', 'base64'),
      { ...pcm, format: 'm4a' },
      pcm,
    );
    expect(decoded.length / 2 - 288_000).toBeLessThan(1024);
    const acks = sts.of('fragment:ack').map(({ payload }) => [payload.fragment_id, payload.status]);
    expect(acks).toEqual(sts.fragments.map(({ fragment_id }) => [fragment_id, 'applied']));
    expect(sts.of('connection')[0]?.payload).toMatchObject({ stream: 'live-test-in', worker: expect.any(String) });
    expect(sts.of('stream:end')).toHaveLength(1);

    expect(await worker.metric('worker_audio_fragments_total{status="sent"}')).toBe(3);
    expect(await worker.metric('worker_audio_fragments_total{status="processed"}')).toBe(3);
    expect(await worker.metric('worker_audio_fragments_total{status="fallback"}')).toBe(0);
    expect(await worker.metric('worker_inflight_fragments')).toBe(0);
    expect(await worker.metric('worker_av_sync_delta_ms_count')).toBe(3);
    expect(await worker.metric('worker_av_sync_delta_ms_bucket{le="15"}')).toBe(3);
    expect(await worker.metric('worker_sts_rtt_ms_count')).toBe(3);
    expect(worker.log.filter(({ level }) => level !== 'info')).toEqual([]);
  }, 60_000);

  it('survives reordered frames, and dubs the next source on the same path as a new session', async () => {
    pipeline = await Pipeline.start(echo, { SEGMENT_DURATION_MS: '2000' });
    const { worker, sts } = pipeline;
    for (const round of [1, 2]) {
      const recording = pipeline.record(`out${round}.flv`);
      expect(await pipeline.publish(reordered).exited).toBe(0);
      await recording.process.exited;
      await until('stream finished', 3000, () => worker.logged('stream finished')[round - 1]);
      await expectFaithful(recording.file, reordered);
    }
    expect(sts.fragments.map(({ sequence_number }) => sequence_number)).toEqual([0, 1, 2, 0, 1, 2]);
    expect(sts.of('stream:init')).toHaveLength(2);
    expect(worker.log.filter(({ level }) => level !== 'info')).toEqual([]);
  }, 60_000);

  it('says stream:end before a source that begins again at once gets its stream:init', async () => {
    const paused = { severity: 'high', action: 'pause', current_inflight: 1, queue_depth: 0 };
    const goesOn = { severity: 'low', action: 'none', current_inflight: 0, queue_depth: 0 };
    const pauseOnce: Script = (fragment, n, socket) => {
      if (n === 0) socket.emit('backpressure', { ...paused, stream_id: fragment.stream_id });
      echo(fragment, n, socket);
    };
    pipeline = await Pipeline.start(pauseOnce, { SEGMENT_DURATION_MS: '1000' });
    const { worker, sts } = pipeline;
    // Two of its three segments wait to be sent when it ends.
    expect(await pipeline.publish(clip, ['-t', '3']).exited).toBe(0);
    pipeline.publish(clip);
    await until('the next source', 10_000, () => worker.logged('stream started')[1]);
    // Its first segment is cut before the other stream's last words are out.
    await until('a segment without a session', 10_000, () =>
      worker.logged('fragment falls back to its original audio', { reason: 'disconnected' }).at(0),
    );
    expect(sts.of('stream:init')).toHaveLength(1);
    expect(worker.logged('backpressure', { action: 'pause' })).toHaveLength(1);
    sts.emit('backpressure', { ...goesOn, stream_id: sts.of('stream:init')[0]?.payload.stream_id });
    await until('the next session', 10_000, () => sts.of('stream:init')[1]);
    const said = sts.received.map(({ event }) => event).filter((event) => /^stream:(init|end)$/.test(event));
    expect(said.slice(0, 3)).toEqual(['stream:init', 'stream:end', 'stream:init']);
  }, 60_000);

  it('ends where the timestamps of its source go back, and goes on as another one', async () => {
    pipeline = await Pipeline.start(echo, { SEGMENT_DURATION_MS: '1000' });
    const { worker, sts, faults } = pipeline;
    pipeline.publish(clip);
    await until('five segments', 15_000, () => sts.fragments[4]);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ path: 'live/test/in', kind: 'restart-timestamps' });
    expect((await fetch(faults, { method: 'POST', headers, body })).status).toBe(201);
    await until('another session', 10_000, () => sts.of('stream:init')[1]);
    expect(worker.logged('video timestamps jumped')).toHaveLength(1);
    expect(worker.logged('stream started')).toHaveLength(2);
    await until('its first fragment', 10_000, () => sts.fragments.filter((each) => each.sequence_number === 0)[1]);
  }, 60_000);
});

describe('a failing STS', () => {
  const FAST = { SEGMENT_DURATION_MS: '1000', FRAGMENT_TIMEOUT_MS: '700', STS_BREAKER_COOLDOWN_SECONDS: '2.5' };

  it('opens the breaker after five failures, is probed once, and never leaves a hole in the stream', async () => {
    // Five failures of different kinds in a row (silence, error, error event), then it works again.
    const script: Script = (fragment, n, socket) => {
      if (n === 0) echo(fragment, n, socket);
      else if (n === 1 || n === 4) return;
      else if (n === 2) socket.emit('fragment:processed', failure(fragment, 'MODEL_ERROR', true));
      else if (n === 3)
        socket.emit('error', {
          fragment_id: fragment.fragment_id,
          code: 'GPU_OOM',
          message: '',
          severity: 'error',
          retryable: true,
        });
      else if (n === 5) socket.emit('fragment:processed', failure(fragment, 'TIMEOUT', true));
      else echo(fragment, n, socket);
    };
    pipeline = await Pipeline.start(script, FAST);
    const { worker, sts } = pipeline;
    const recording = pipeline.record('out.flv');
    await pipeline.publish(clip).exited;
    await recording.process.exited;
    await until('stream finished', 3000, () => worker.logged('stream finished')[0]);
    await expectFaithful(recording.file, clip);
    const transitions = worker.log.filter(({ msg }) => msg.startsWith('circuit breaker'));
    expect(transitions.map(({ msg, state }) => [msg, state])).toEqual([
      ['circuit breaker opened', 'open'],
      ['circuit breaker half-open', 'half-open'],
      ['circuit breaker closed', 'closed'],
    ]);
    expect(transitions[0]).toMatchObject({ trigger: 'timeout', failure_count: 5, streamId: 'live-test-in' });
    const [opened, halfOpen, closed] = transitions.map(({ timestamp }) => timestamp * 1000);
    const between = (from = 0, to = 0): number =>
      sts.of('fragment:data').filter(({ at }) => at > from && at < to).length;
    expect(between(opened, halfOpen)).toBe(0);
    expect(between(halfOpen, closed)).toBe(1);
    expect(await worker.metric('worker_fallback_total{reason="timeout"}')).toBe(2);
    expect(await worker.metric('worker_fallback_total{reason="error"}')).toBe(3);
    expect(await worker.metric('worker_fallback_total{reason="circuit_open"}')).toBeGreaterThanOrEqual(2);
    expect(await worker.metric('worker_inflight_fragments')).toBe(0);
    expect(await worker.metric('worker_sts_breaker_state')).toBe(0);
    const counted = await Promise.all(
      ['processed', 'fallback'].map((status) => worker.metric(`worker_audio_fragments_total{status="${status}"}`)),
    );
    expect(counted[0] ?? 0).toBeGreaterThan(3);
    expect((counted[0] ?? 0) + (counted[1] ?? 0)).toBe(13);
  }, 60_000);

  it('is reconnected to after two seconds, with a fresh session, while the original sound goes on', async () => {
    const script: Script = (fragment, n, socket) => {
      if (n === 2) socket.disconnect(true);
      else echo(fragment, n, socket);
    };
    pipeline = await Pipeline.start(script, FAST);
    const { worker, sts } = pipeline;
    const recording = pipeline.record('out.flv');
    await pipeline.publish(clip).exited;
    await recording.process.exited;
    await until('stream finished', 3000, () => worker.logged('stream finished')[0]);
    await expectFaithful(recording.file, clip);
    const [lost] = worker.logged('sts disconnected');
    const [attempt] = worker.logged('reconnection attempt');
    expect(attempt).toMatchObject({ attempt: 1, success: true });
    const waitedMs = ((attempt?.timestamp ?? 0) - (lost?.timestamp ?? 0)) * 1000;
    expect(waitedMs).toBeGreaterThan(1990);
    expect(waitedMs).toBeLessThan(2600);
    const [inFlight] = worker.logged('fragment falls back to its original audio', {
      reason: 'disconnected',
      sequence_number: 2,
    });
    expect((inFlight?.timestamp ?? 0) - (lost?.timestamp ?? 0)).toBeLessThan(0.1);
    const second = sts.received.filter(({ session }) => session === 1);
    expect(second.slice(0, 2).map(({ event }) => event)).toEqual(['connection', 'stream:init']);
    expect(second.find(({ event }) => event === 'fragment:data')?.payload.sequence_number).toBe(0);
    expect(await worker.metric('worker_reconnection_total')).toBe(1);
    expect(await worker.metric('worker_inflight_fragments')).toBe(0);
    expect(await worker.metric('worker_sts_breaker_state')).toBe(0);
  }, 60_000);

  it('that answers with sound of another length, or with rubbish, gets what fits used and the rest refused', async () => {
    const pcm = (seconds: number): string => Buffer.alloc(Math.round(48_000 * seconds) * 4, 1).toString('base64');
    const script: Script = (fragment, n, socket) => {
      const audio = { ...fragment.audio, format: 'pcm_s16le' };
      const data = [pcm(0.95), pcm(1.05), pcm(1.2), pcm(0.5), Buffer.from('rubbish').toString('base64')][n];
      if (data === undefined) echo(fragment, n, socket);
      else
        socket.emit(
          'fragment:processed',
          answerTo(fragment, { status: 'success', dubbed_audio: { ...audio, data_base64: data } }),
        );
      if (n === 6) socket.emit('fragment:processed', { nonsense: true });
    };
    pipeline = await Pipeline.start(script, FAST);
    const { worker } = pipeline;
    const recording = pipeline.record('out.flv');
    await pipeline.publish(clip, ['-t', '8']).exited;
    await recording.process.exited;
    await until('stream finished', 3000, () => worker.logged('stream finished')[0]);
    expect(
      worker
        .logged('fragment processed')
        .slice(0, 2)
        .map(({ fitted }) => fitted),
    ).toEqual(['padded', 'trimmed']);
    expect(await worker.metric('worker_fallback_total{reason="error"}')).toBe(3);
    expect(worker.logged('sts message ignored: not as the protocol says')).toHaveLength(1);
    const heard = await listen(recording.file);
    expect(heard.labelErrorMs).toBeLessThan(1);
    // The beeps that were replaced are gone; the others are exactly where they were.
    for (const beep of heard.beeps) expect(Math.abs(beep - Math.floor(beep) - 0.5)).toBeLessThan(0.001);
    expect(heard.beeps.map(Math.floor)).toEqual([2, 3, 4, 5, 6, 7]);
  }, 60_000);
});
