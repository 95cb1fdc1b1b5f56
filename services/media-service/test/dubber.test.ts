import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../src/circuit-breaker.ts';
import { type DubbedSegment, Dubber } from '../src/dubber.ts';
import { toBytes, toSamples } from '../src/labelled-pcm.ts';
import { createMetrics } from '../src/metrics.ts';
import type { Segment } from '../src/segmenter.ts';
import type { FragmentData, FragmentProcessed } from '../src/sts-messages.ts';
import { FakeClock, settle } from './fake-clock.ts';

const PCM = { sampleRateHz: 1000, channels: 1 };
const SEGMENT_SAMPLES = 6000;

describe('dubber', () => {
  let clock: FakeClock;
  let metrics: ReturnType<typeof createMetrics>;
  let breaker: CircuitBreaker;
  let connected: boolean;
  let sent: FragmentData[];
  let acks: { fragment_id: string; status: string }[];
  let logged: Record<string, unknown>[];
  let dubber: Dubber;
  let nextIndex: number;

  beforeEach(() => {
    clock = new FakeClock();
    metrics = createMetrics();
    breaker = new CircuitBreaker({ failureThreshold: 5, cooldownMs: 30_000, clock });
    connected = true;
    sent = [];
    acks = [];
    logged = [];
    nextIndex = 0;
    dubber = new Dubber({
      streamId: 'stream',
      pcm: PCM,
      originMs: 250,
      maxInflight: 3,
      timeoutMs: 8000,
      channel: {
        get ready() {
          return connected;
        },
        send(event, payload) {
          if (event === 'fragment:data') sent.push(payload as FragmentData);
          else acks.push(payload as { fragment_id: string; status: string });
        },
      },
      breaker,
      encode: async (samples) => ({ format: 'pcm_s16le', data: toBytes(samples) }),
      decode: async (audio) => {
        if (audio.toString() === 'not audio') throw new Error('decode: not audio');
        return toSamples(audio);
      },
      clock,
      log: pino({ base: null }, { write: (line: string) => void logged.push(JSON.parse(line)) }),
      metrics,
    });
    dubber.sessionStarted(3);
  });

  function segment(): Segment {
    const index = nextIndex;
    nextIndex += 1;
    const samples = new Int16Array(SEGMENT_SAMPLES).fill(index + 1);
    return {
      index,
      startMs: index * 6000,
      startSample: index * SEGMENT_SAMPLES,
      durationMs: 6000,
      samples,
      dubbable: true,
    };
  }

  /** Hands in a segment and keeps its outcome. */
  async function cut(): Promise<{ outcome?: DubbedSegment }> {
    const holder: { outcome?: DubbedSegment } = {};
    void dubber.dub(segment()).then((outcome) => {
      holder.outcome = outcome;
    });
    await settle();
    return holder;
  }

  async function answer(fragment: FragmentData | undefined, change: Partial<FragmentProcessed> = {}): Promise<void> {
    if (!fragment) throw new Error('nothing was sent');
    dubber.processed({ fragment_id: fragment.fragment_id, status: 'success', dubbed_audio: fragment.audio, ...change });
    await settle();
  }

  const failure = (code: string, retryable: boolean): Partial<FragmentProcessed> => ({
    status: 'failed',
    dubbed_audio: null,
    error: { code, message: code, retryable },
  });

  async function series(name: string): Promise<Record<string, number>> {
    const metric = await metrics.registry.getSingleMetric(name)?.get();
    return Object.fromEntries(metric?.values.map(({ labels, value }) => [Object.values(labels).join(), value]) ?? []);
  }
  const inflight = async (): Promise<number> => (await series('worker_inflight_fragments'))[''] ?? Number.NaN;

  it('sends a fragment as the protocol says, and uses its answer', async () => {
    await cut();
    const second = await cut();
    expect(sent.map(({ sequence_number }) => sequence_number)).toEqual([0, 1]);
    expect(sent[1]).toMatchObject({
      stream_id: 'stream',
      audio: { format: 'pcm_s16le', sample_rate_hz: 1000, channels: 1, duration_ms: 6000 },
      metadata: { pts_ns: 6_000_000_000, source_pts_ns: 6_250_000_000 },
    });
    expect(sent[1]?.fragment_id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const dubbed = Buffer.from(toBytes(new Int16Array(SEGMENT_SAMPLES).fill(77))).toString('base64');
    await answer(sent[1], { dubbed_audio: { ...(sent[1] as FragmentData).audio, data_base64: dubbed } });
    expect(second.outcome?.dubbed).toBe(true);
    expect(second.outcome?.samples[0]).toBe(77);
  });

  it('acknowledges what it has applied, by the same fragment id, and correlates answers that come out of order', async () => {
    const holders = [await cut(), await cut(), await cut()];
    await answer(sent[2]);
    await answer(sent[0]);
    expect(holders.map(({ outcome }) => outcome?.segment.index)).toEqual([0, undefined, 2]);
    expect(acks).toMatchObject([
      { fragment_id: sent[2]?.fragment_id, status: 'applied' },
      { fragment_id: sent[0]?.fragment_id, status: 'applied' },
    ]);
  });

  it('never has more than three in flight, and sends the next only after the acknowledgement of one', async () => {
    for (let count = 0; count < 5; count += 1) await cut();
    expect(sent).toHaveLength(3);
    expect(await inflight()).toBe(3);
    await answer(sent[0]);
    expect(sent).toHaveLength(4);
    expect(acks).toHaveLength(1);
    expect(await inflight()).toBe(3);
  });

  it('keeps to what the server grants when that is less', async () => {
    dubber.sessionStarted(1);
    await cut();
    await cut();
    expect(sent).toHaveLength(1);
  });

  it('uses the original audio after eight seconds of silence, and ignores the answer that comes then', async () => {
    const holder = await cut();
    await clock.advance(7999);
    expect(holder.outcome).toBeUndefined();
    await clock.advance(1);
    expect(holder.outcome).toMatchObject({ dubbed: false });
    expect(holder.outcome?.samples[0]).toBe(1);
    expect(await series('worker_fallback_total')).toMatchObject({ timeout: 1, error: 0 });
    expect(await inflight()).toBe(0);
    await answer(sent[0]);
    expect(await series('worker_audio_fragments_total')).toEqual({ sent: 1, processed: 0, fallback: 1 });
    expect(acks).toMatchObject([{ fragment_id: sent[0]?.fragment_id, status: 'received' }]);
  });

  it('counts silence as a retryable failure with trigger timeout', async () => {
    const opened: unknown[] = [];
    breaker = new CircuitBreaker({
      failureThreshold: 1,
      cooldownMs: 1000,
      clock,
      onTransition: (event) => opened.push(event),
    });
    dubber = new Dubber({ ...optionsOf(), breaker });
    dubber.sessionStarted(3);
    await cut();
    await clock.advance(8000);
    expect(opened[0]).toEqual({ state: 'open', trigger: 'timeout', failureCount: 1 });
  });

  function optionsOf(): ConstructorParameters<typeof Dubber>[0] {
    return {
      streamId: 'stream',
      pcm: PCM,
      originMs: 0,
      maxInflight: 3,
      timeoutMs: 8000,
      channel: {
        ready: true,
        send: (event, payload) => void (event === 'fragment:data' && sent.push(payload as FragmentData)),
      },
      breaker,
      encode: async (samples) => ({ format: 'pcm_s16le', data: toBytes(samples) }),
      decode: async (audio) => toSamples(audio),
      clock,
      log: pino({ level: 'silent' }),
      metrics,
    };
  }

  it('opens the breaker on the fifth retryable error, then sends nothing and falls back at once', async () => {
    for (let count = 0; count < 5; count += 1) {
      await cut();
      await answer(sent.at(-1), failure('MODEL_ERROR', true));
    }
    expect(breaker.state).toBe('open');
    const holder = await cut();
    expect(holder.outcome).toMatchObject({ dubbed: false });
    expect(sent).toHaveLength(5);
    expect(await series('worker_fallback_total')).toEqual({ timeout: 0, error: 5, circuit_open: 1, disconnected: 0 });
  });

  it('lets fragments that wait behind the breaker fall back the moment it opens', async () => {
    dubber.backPressure({ action: 'pause', severity: 'high' });
    const waiting = [await cut(), await cut()];
    for (let count = 0; count < 5; count += 1) {
      const permit = breaker.tryAcquire();
      if (permit) breaker.failed(permit, 'timeout');
    }
    const third = await cut();
    expect([...waiting, third].map(({ outcome }) => outcome?.dubbed)).toEqual([false, false, false]);
    expect(await series('worker_fallback_total')).toMatchObject({ circuit_open: 3 });
  });

  it('sends exactly one probe when half-open, whatever else is ready', async () => {
    for (let count = 0; count < 5; count += 1) {
      await cut();
      await answer(sent.at(-1), failure('GPU_OOM', true));
    }
    await clock.advance(30_000);
    const [probe, other, another] = [await cut(), await cut(), await cut()];
    expect(sent).toHaveLength(6);
    expect(other.outcome?.dubbed).toBe(false);
    expect(another.outcome?.dubbed).toBe(false);
    await answer(sent[5]);
    expect(probe.outcome?.dubbed).toBe(true);
    expect(breaker.state).toBe('closed');
  });

  it('never counts errors that a retry cannot help', async () => {
    for (let count = 0; count < 12; count += 1) {
      await cut();
      await answer(sent.at(-1), failure('INVALID_CONFIG', false));
    }
    expect(breaker.state).toBe('closed');
    expect(sent).toHaveLength(12);
    expect(await series('worker_fallback_total')).toMatchObject({ error: 12 });
  });

  it('treats an error event that names a fragment as that fragment failing', async () => {
    const holder = await cut();
    dubber.error({
      fragment_id: sent[0]?.fragment_id,
      code: 'QUEUE_FULL',
      message: '',
      severity: 'warning',
      retryable: true,
    });
    await settle();
    expect(holder.outcome).toMatchObject({ dubbed: false });
    expect(await inflight()).toBe(0);
    expect(acks).toEqual([]);
  });

  it('survives errors that name no fragment, or one it does not know', async () => {
    dubber.error({ code: 'MODEL_ERROR', message: 'x', severity: 'fatal', retryable: true });
    dubber.error({ fragment_id: 'unknown', code: 'TIMEOUT', message: 'x', severity: 'error', retryable: true });
    const holder = await cut();
    await answer(sent[0]);
    expect(holder.outcome?.dubbed).toBe(true);
  });

  it('waits before each send while the STS asks it to slow down', async () => {
    dubber.backPressure({ action: 'slow_down', severity: 'medium', recommended_delay_ms: 500 });
    await cut();
    await cut();
    expect(sent).toHaveLength(0);
    await clock.advance(499);
    expect(sent).toHaveLength(0);
    await clock.advance(1);
    expect(sent).toHaveLength(1);
    await clock.advance(499);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    expect(sent).toHaveLength(2);
    expect(await series('worker_backpressure_events_total')).toEqual({ slow_down: 1, pause: 0, none: 0 });
  });

  it('sends nothing while paused, through a slow_down, until none', async () => {
    dubber.backPressure({ action: 'pause', severity: 'high', recommended_delay_ms: 1000 });
    await cut();
    await clock.advance(3000);
    dubber.backPressure({ action: 'slow_down', severity: 'medium', recommended_delay_ms: 10 });
    await clock.advance(3000);
    expect(sent).toHaveLength(0);
    dubber.backPressure({ action: 'none', severity: 'low' });
    expect(sent).toHaveLength(1);
    expect(sent[0]?.sequence_number).toBe(0);
  });

  it('does not let a pause hold the picture for ever, and leaves no hole in the sequence', async () => {
    dubber.backPressure({ action: 'pause', severity: 'high' });
    const holder = await cut();
    await clock.advance(8000);
    expect(holder.outcome).toMatchObject({ dubbed: false });
    dubber.backPressure({ action: 'none', severity: 'low' });
    await cut();
    expect(sent.map(({ sequence_number }) => sequence_number)).toEqual([0]);
    expect(breaker.state).toBe('closed');
  });

  it('falls back at once for everything in flight or waiting when the session is lost, and starts over at 0', async () => {
    const holders = [];
    for (let count = 0; count < 4; count += 1) holders.push(await cut());
    connected = false;
    dubber.sessionLost();
    await settle();
    expect(holders.map(({ outcome }) => outcome?.dubbed)).toEqual([false, false, false, false]);
    expect(await inflight()).toBe(0);
    const meanwhile = await cut();
    expect(meanwhile.outcome?.dubbed).toBe(false);
    expect(await series('worker_fallback_total')).toEqual({ timeout: 0, error: 0, circuit_open: 0, disconnected: 5 });
    connected = true;
    dubber.sessionStarted(3);
    await cut();
    expect(sent.at(-1)?.sequence_number).toBe(0);
    expect(breaker.state).toBe('closed');
  });

  it('frees a probe that was lost with its session', async () => {
    for (let count = 0; count < 5; count += 1) {
      await cut();
      await answer(sent.at(-1), failure('TIMEOUT', true));
    }
    await clock.advance(30_000);
    await cut();
    expect(breaker.allows).toBe(false);
    dubber.sessionLost();
    expect(breaker.state).toBe('half-open');
    expect(breaker.allows).toBe(true);
  });

  it('is unburdened by the pause of a lost session', async () => {
    dubber.backPressure({ action: 'pause', severity: 'high' });
    dubber.sessionLost();
    dubber.sessionStarted(3);
    await cut();
    expect(sent).toHaveLength(1);
  });

  it.each([
    ['is 11 % longer', Buffer.alloc(Math.round(SEGMENT_SAMPLES * 1.2) * 2)],
    ['cannot be decoded', Buffer.from('not audio')],
  ])('uses the original audio when the answer %s, warning, without blaming the breaker', async (_what, data) => {
    for (let count = 0; count < 6; count += 1) {
      const holder = await cut();
      const fragment = sent.at(-1) as FragmentData;
      await answer(fragment, { dubbed_audio: { ...fragment.audio, data_base64: data.toString('base64') } });
      expect(holder.outcome?.dubbed).toBe(false);
    }
    expect(breaker.state).toBe('closed');
    expect(await series('worker_fallback_total')).toMatchObject({ error: 6 });
    expect(
      logged.filter(({ error }) => typeof error === 'string' && error.startsWith('dubbed audio refused')),
    ).toHaveLength(6);
    expect(acks.every(({ status }) => status === 'received')).toBe(true);
  });

  it('counts nothing and sends nothing for a remainder', async () => {
    const outcome = await dubber.dub({ ...segment(), dubbable: false });
    expect(outcome.dubbed).toBe(false);
    expect(sent).toHaveLength(0);
    expect(await series('worker_audio_fragments_total')).toEqual({ sent: 0, processed: 0, fallback: 0 });
  });

  it('ends every fragment exactly once: sent = processed + fallbacks of what was sent', async () => {
    const holders = [];
    for (let round = 0; round < 30; round += 1) {
      holders.push(await cut());
      if (round % 3 === 0) await answer(sent.at(-1));
      if (round % 7 === 0) await answer(sent.at(-1), failure('INVALID_CONFIG', false));
      if (round % 11 === 0) await clock.advance(8000);
    }
    await clock.advance(60_000);
    await dubber.allSent();
    await dubber.allSettled();
    const counts = await series('worker_audio_fragments_total');
    expect(holders.every(({ outcome }) => outcome !== undefined)).toBe(true);
    expect((counts.processed ?? 0) + (counts.fallback ?? 0)).toBe(30);
    expect(await inflight()).toBe(0);
    expect(sent.map(({ sequence_number }) => sequence_number)).toEqual(sent.map((_, index) => index));
  });

  it('says which stream and fragment each line belongs to', async () => {
    await cut();
    await answer(sent[0]);
    const lines = logged.filter(({ msg }) => msg === 'fragment sent' || msg === 'fragment processed');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatchObject({ 'fragment.id': sent[0]?.fragment_id, sequence_number: 0 });
  });
});
