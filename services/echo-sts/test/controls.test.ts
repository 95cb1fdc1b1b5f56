import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fragmentOf } from './client.ts';
import { startServer } from './server.ts';

const start = async (env: Record<string, string> = {}) => {
  const server = await startServer(env);
  const worker = await server.connect();
  await worker.init();
  return { server, worker };
};

/** Sends fragments 0, 1, … and returns what became of each. */
async function outcomes(
  worker: Awaited<ReturnType<typeof start>>['worker'],
  count: number,
  from = 0,
): Promise<string[]> {
  const seen = worker.received.length;
  for (let sequenceNumber = from; sequenceNumber < from + count; sequenceNumber += 1) worker.send(sequenceNumber);
  await worker.settle();
  const answers = worker.received.slice(seen).filter(({ event }) => event === 'fragment:processed');
  return Array.from({ length: count }, (_, index) => {
    const answer = answers.find(({ payload }) => payload.sequence_number === from + index);
    return answer ? (answer.payload.error?.code ?? answer.payload.status) : 'silence';
  });
}

describe('config:error_simulation', () => {
  it('fails the fragment with a sequence number', async () => {
    const { worker } = await start();
    const ack = await worker.control('config:error_simulation', {
      enabled: true,
      rules: [
        {
          trigger: 'sequence_number',
          value: 1,
          error_code: 'MODEL_ERROR',
          error_message: 'out of voices',
          retryable: false,
          stage: 'tts',
        },
      ],
    });
    expect(ack).toMatchObject({ status: 'accepted', rules_count: 1 });
    expect(await outcomes(worker, 3)).toEqual(['success', 'MODEL_ERROR', 'success']);
    const failed = worker.all('fragment:processed')[1];
    expect(failed).toMatchObject({
      sequence_number: 1,
      status: 'failed',
      error: { code: 'MODEL_ERROR', message: 'out of voices', stage: 'tts', retryable: false },
    });
    expect(failed).not.toHaveProperty('dubbed_audio');
  });

  it('fails the fragment with an id', async () => {
    const { worker } = await start();
    const fragment_id = randomUUID();
    await worker.control('config:error_simulation', {
      enabled: true,
      rules: [{ trigger: 'fragment_id', value: fragment_id, error_code: 'GPU_OOM' }],
    });
    worker.send(0);
    worker.send(1, { fragment_id });
    await worker.next('fragment:processed', ({ sequence_number }) => sequence_number === 1);
    expect(worker.all('fragment:processed').map((one) => one.status)).toEqual(['success', 'failed']);
  });

  it('fails every n-th fragment, counted from when the rule was set', async () => {
    const { worker } = await start();
    expect(await outcomes(worker, 1)).toEqual(['success']);
    await worker.control('config:error_simulation', {
      enabled: true,
      rules: [{ trigger: 'nth_fragment', value: 3, error_code: 'TIMEOUT' }],
    });
    expect(await outcomes(worker, 7, 1)).toEqual([
      'success',
      'success',
      'TIMEOUT',
      'success',
      'success',
      'TIMEOUT',
      'success',
    ]);
  });

  it('fails each fragment with nth_fragment 1, until it is disabled', async () => {
    const { worker } = await start();
    const rules = [{ trigger: 'nth_fragment', value: 1, error_code: 'TIMEOUT', retryable: true }];
    await worker.control('config:error_simulation', { enabled: true, rules });
    expect(await outcomes(worker, 3)).toEqual(['TIMEOUT', 'TIMEOUT', 'TIMEOUT']);
    expect(await worker.control('config:error_simulation', { enabled: false })).toMatchObject({
      status: 'accepted',
      rules_count: 0,
    });
    expect(await outcomes(worker, 2, 3)).toEqual(['success', 'success']);
  });

  it('lets the first rule that matches decide, and replaces all rules when set again', async () => {
    const { worker } = await start();
    await worker.control('config:error_simulation', {
      enabled: true,
      rules: [
        { trigger: 'nth_fragment', value: 2, error_code: 'TIMEOUT' },
        { trigger: 'nth_fragment', value: 1, error_code: 'GPU_OOM' },
      ],
    });
    expect(await outcomes(worker, 2)).toEqual(['GPU_OOM', 'TIMEOUT']);
    await worker.control('config:error_simulation', {
      enabled: true,
      rules: [{ trigger: 'sequence_number', value: 3, error_code: 'QUEUE_FULL' }],
    });
    expect(await outcomes(worker, 2, 2)).toEqual(['success', 'QUEUE_FULL']);
  });

  it.each([
    ['TIMEOUT', true],
    ['MODEL_ERROR', true],
    ['GPU_OOM', true],
    ['QUEUE_FULL', true],
    ['RATE_LIMIT', true],
    ['STREAM_NOT_FOUND', false],
    ['INVALID_CONFIG', false],
    ['FRAGMENT_TOO_LARGE', false],
    ['INVALID_SEQUENCE', false],
  ])('says of %s by itself that retryable is %s', async (error_code, retryable) => {
    const { worker } = await start();
    await worker.control('config:error_simulation', { rules: [{ trigger: 'nth_fragment', value: 1, error_code }] });
    worker.send(0);
    expect((await worker.next('fragment:processed')).error).toMatchObject({
      code: error_code,
      retryable,
      stage: 'asr',
    });
  });

  it('acknowledges and then never answers a silent rule, and still answers what comes after', async () => {
    const { server, worker } = await start();
    await worker.control('config:error_simulation', {
      enabled: true,
      rules: [{ trigger: 'sequence_number', value: 1, silent: true }],
    });
    expect(await outcomes(worker, 3)).toEqual(['success', 'silence', 'success']);
    expect(worker.all('fragment:ack')).toHaveLength(3);
    expect(await server.metric('sts_fragments_total{status="silent"}')).toBe(1);
    worker.emit('stream:end', { stream_id: 'stream-1' });
    expect(await worker.next('stream:complete')).toMatchObject({
      total_fragments: 3,
      statistics: { success_count: 2 },
    });
  });

  it.each(['sequence_number', 'fragment_id', 'nth_fragment'])(
    'can make %s silent, with any error code',
    async (trigger) => {
      const { worker } = await start();
      const fragment = fragmentOf(0);
      const value = { sequence_number: 0, fragment_id: fragment.fragment_id, nth_fragment: 1 }[trigger];
      await worker.control('config:error_simulation', {
        rules: [{ trigger, value, error_code: 'TIMEOUT', silent: true }],
      });
      worker.emit('fragment:data', fragment);
      await worker.settle();
      expect(worker.all('fragment:ack')).toHaveLength(1);
      expect(worker.all('fragment:processed')).toEqual([]);
    },
  );

  it('can answer partially, with audio and an error', async () => {
    const { worker } = await start();
    await worker.control('config:error_simulation', {
      rules: [{ trigger: 'nth_fragment', value: 1, error_code: 'MODEL_ERROR', status: 'partial' }],
    });
    worker.send(0);
    expect(await worker.next('fragment:processed')).toMatchObject({
      status: 'partial',
      dubbed_audio: { duration_ms: 10 },
      error: { code: 'MODEL_ERROR' },
    });
  });

  it('can answer with an error event in place of fragment:processed, in its turn', async () => {
    const { server, worker } = await start();
    await worker.control('config:error_simulation', {
      rules: [{ trigger: 'sequence_number', value: 0, error_code: 'RATE_LIMIT', delivery: 'error_event' }],
    });
    await worker.control('config:processing_delay', { delay: 30 });
    const id = worker.send(0);
    worker.send(1);
    await worker.next('fragment:processed');
    const answers = worker.received.filter(({ event }) => ['error', 'fragment:processed'].includes(event));
    expect(answers.map(({ event }) => event)).toEqual(['error', 'fragment:processed']);
    expect(answers[0]?.payload).toMatchObject({
      code: 'RATE_LIMIT',
      severity: 'warning',
      retryable: true,
      fragment_id: id,
      stream_id: 'stream-1',
    });
    expect(await server.metric('sts_inflight_fragments')).toBe(1);
    expect(await server.metric('sts_errors_total{code="RATE_LIMIT"}')).toBe(1);
  });

  it('takes a code of another implementation when it says whether a retry helps', async () => {
    const { server, worker } = await start();
    await worker.control('config:error_simulation', {
      rules: [{ trigger: 'nth_fragment', value: 1, error_code: 'VOICE_LOST', retryable: true }],
    });
    worker.send(0);
    expect((await worker.next('fragment:processed')).error).toMatchObject({ code: 'VOICE_LOST', retryable: true });
    expect(await server.metric('sts_errors_total{code="other"}')).toBe(1);
  });

  it.each([
    ['an unknown trigger', { rules: [{ trigger: 'sometimes', value: 1, error_code: 'TIMEOUT' }] }],
    ['no value', { rules: [{ trigger: 'nth_fragment', error_code: 'TIMEOUT' }] }],
    ['every 0th fragment', { rules: [{ trigger: 'nth_fragment', value: 0, error_code: 'TIMEOUT' }] }],
    ['a number for an id', { rules: [{ trigger: 'fragment_id', value: 3, error_code: 'TIMEOUT' }] }],
    ['no code', { rules: [{ trigger: 'nth_fragment', value: 1 }] }],
    ['a misspelt code', { rules: [{ trigger: 'nth_fragment', value: 1, error_code: 'TIMEOT' }] }],
    ['a misspelt key', { rules: [{ trigger: 'nth_fragment', value: 1, error_code: 'TIMEOUT', retriable: true }] }],
    ['an unknown stage', { rules: [{ trigger: 'nth_fragment', value: 1, error_code: 'TIMEOUT', stage: 'mixing' }] }],
    ['101 rules', { rules: Array(101).fill({ trigger: 'nth_fragment', value: 1, error_code: 'TIMEOUT' }) }],
    ['rules that are no list', { rules: 'all' }],
    ['text for enabled', { enabled: 'yes', rules: [] }],
    ['nothing at all', undefined],
  ])('is rejected for %s, and the rules before stay', async (_, payload) => {
    const { worker } = await start();
    const rules = [{ trigger: 'nth_fragment', value: 1, error_code: 'GPU_OOM' }];
    await worker.control('config:error_simulation', { rules });
    expect(await worker.control('config:error_simulation', payload)).toEqual({
      status: 'rejected',
      rules_count: 0,
      message: expect.stringMatching(/\w+/),
    });
    expect(await outcomes(worker, 1)).toEqual(['GPU_OOM']);
  });
});

describe('config:processing_delay', () => {
  it.each([
    ['"120ms"', { delay: '120ms' }],
    ['120', { delay: 120 }],
    ['"0.12s"', { delay: '0.12s' }],
  ])('takes %s', async (_, payload) => {
    const { worker } = await start();
    expect(await worker.control('config:processing_delay', payload)).toMatchObject({
      status: 'accepted',
      delay_ms: 120,
    });
    worker.send(0);
    const processed = await worker.next('fragment:processed');
    expect(processed.processing_time_ms).toBeGreaterThanOrEqual(119);
    expect(processed.processing_time_ms).toBeLessThan(5_000);
  });

  it('takes 0ms, which takes a delay back', async () => {
    const { worker } = await start({ ECHO_PROCESSING_DELAY_MS: '60000' });
    await worker.control('config:processing_delay', { delay: '0ms' });
    worker.send(0);
    expect((await worker.next('fragment:processed')).processing_time_ms).toBeLessThan(5_000);
  });

  it('spreads delays by the jitter to both sides, never below 0', async () => {
    const draws = [0, 0.999, 0.5, 0.25];
    const server = await startServer({}, { random: () => draws.shift() ?? 0.5 });
    const worker = await server.connect();
    await worker.init();
    await worker.control('config:processing_delay', { delay: '100ms', jitter: '50ms' });
    for (const sequenceNumber of [0, 1, 2, 3]) worker.send(sequenceNumber);
    await worker.settle();
    expect(worker.all('fragment:ack').map((one) => one.estimated_completion_ms)).toEqual([50, 150, 100, 75]);
    draws.unshift(0);
    await worker.control('config:processing_delay', { delay: 10, jitter: 50 });
    worker.send(4);
    expect(await worker.next('fragment:ack')).toMatchObject({ estimated_completion_ms: 0 });
  });

  it('keeps the order under jitter', async () => {
    const { worker } = await start();
    await worker.control('config:processing_delay', { delay: 50, jitter: 50 });
    for (let sequenceNumber = 0; sequenceNumber < 20; sequenceNumber += 1) worker.send(sequenceNumber);
    await worker.next('fragment:processed', ({ sequence_number }) => sequence_number === 19);
    expect(worker.all('fragment:processed').map((one) => one.sequence_number)).toEqual([...Array(20).keys()]);
  });

  it('can be silence: acknowledged, never answered', async () => {
    const { worker } = await start();
    await worker.control('config:processing_delay', { silent: true });
    expect(await outcomes(worker, 2)).toEqual(['silence', 'silence']);
    await worker.control('config:processing_delay', { delay: 0 });
    expect(await outcomes(worker, 1, 2)).toEqual(['success']);
    expect(worker.all('fragment:ack')).toHaveLength(3);
  });

  it.each([
    [{}],
    [{ delay: 'soon' }],
    [{ delay: '500' }],
    [{ delay: -1 }],
    [{ delay: 600_001 }],
    [{ delay: null }],
    [{ delay: 10, jitter: 'some' }],
    [{ delay: 10, jiter: 5 }],
    [undefined],
  ])('rejects %j', async (payload) => {
    const { worker } = await start();
    expect(await worker.control('config:processing_delay', payload)).toEqual({
      status: 'rejected',
      message: expect.any(String),
    });
  });
});

describe('simulate:disconnect', () => {
  it('closes the socket of the sender after the delay, without an answer', async () => {
    const { worker } = await start();
    const startedAt = performance.now();
    worker.emit('simulate:disconnect', { delay_ms: 150 });
    expect(await worker.closed()).toBe('io server disconnect');
    expect(performance.now() - startedAt).toBeGreaterThan(145);
    expect(worker.received.map(({ event }) => event)).toEqual(['stream:ready']);
  });

  it('can cut the line without a goodbye', async () => {
    const { worker } = await start();
    worker.emit('simulate:disconnect', { delay_ms: 0, abrupt: true });
    expect(await worker.closed()).toMatch(/^transport/);
  });

  it('from a driver closes every worker there is when the delay has passed, and not the driver', async () => {
    const { server, worker } = await start();
    const driver = await server.connect();
    driver.emit('simulate:disconnect', { delay_ms: 150 });
    await driver.settle();
    const late = await server.connect();
    await late.init('stream-2');
    await Promise.all([worker.closed(), late.closed()]);
    expect(driver.closedBecause).toBeUndefined();
    const next = await server.connect();
    await next.init();
    await next.settle();
    expect(next.closedBecause).toBeUndefined();
  });

  it('from a driver that names a stream closes only that one', async () => {
    const { server, worker } = await start();
    const other = await server.connect();
    await other.init('stream-2');
    const driver = await server.connect();
    driver.emit('simulate:disconnect', { delay_ms: 0, stream_id: 'stream-2' });
    await other.closed();
    await worker.settle();
    expect(worker.closedBecause).toBeUndefined();
  });

  it.each([
    [{ delay_ms: -1 }, 'INVALID_CONFIG'],
    [{ delay_ms: 60_001 }, 'INVALID_CONFIG'],
    [{ delay_ms: '1s' }, 'INVALID_CONFIG'],
    ['now', 'INVALID_CONFIG'],
    [{ delay_ms: 0, stream_id: 'nobody' }, 'STREAM_NOT_FOUND'],
  ])('%j from a driver is answered by %s', async (payload, code) => {
    const { server, worker } = await start();
    const driver = await server.connect();
    driver.emit('simulate:disconnect', payload);
    expect(await driver.next('error')).toMatchObject({ code });
    await worker.settle();
    expect(worker.closedBecause).toBeUndefined();
  });
});

describe('what a control applies to', () => {
  const always = { rules: [{ trigger: 'nth_fragment', value: 1, error_code: 'TIMEOUT' }] };

  it("is the sender's own session when it has one, even when it names another", async () => {
    const { server, worker } = await start();
    const other = await server.connect();
    await other.init('stream-2');
    const ack = await worker.control('config:error_simulation', { ...always, stream_id: 'stream-2' });
    expect(ack.applied_to).toEqual({ scope: 'session', sessions: 1 });
    other.send(0, { stream_id: 'stream-2' });
    expect(await other.next('fragment:processed')).toMatchObject({ status: 'success' });
    expect(await outcomes(worker, 1)).toEqual(['TIMEOUT']);
    const next = await server.connect();
    await next.init();
    expect(await outcomes(next, 1)).toEqual(['success']);
  });

  it('is the stream that a driver names', async () => {
    const { server, worker } = await start();
    const other = await server.connect();
    await other.init('stream-2');
    const driver = await server.connect();
    const ack = await driver.control('config:error_simulation', { ...always, stream_id: 'stream-1' });
    expect(ack.applied_to).toEqual({ scope: 'stream', sessions: 1 });
    expect(await outcomes(worker, 1)).toEqual(['TIMEOUT']);
    other.send(0, { stream_id: 'stream-2' });
    expect(await other.next('fragment:processed')).toMatchObject({ status: 'success' });
  });

  it('is rejected when the driver names a stream that has no session', async () => {
    const { server } = await start();
    const driver = await server.connect();
    expect(await driver.control('config:error_simulation', { ...always, stream_id: 'nobody' })).toMatchObject({
      status: 'rejected',
      rules_count: 0,
      message: 'no session of stream nobody',
    });
  });

  it('is every session, present and next, for a driver that names none, and outlives the driver', async () => {
    const { server, worker } = await start();
    const driver = await server.connect();
    const ack = await driver.control('config:error_simulation', always);
    expect(ack.applied_to).toEqual({ scope: 'all', sessions: 1 });
    driver.close();
    await server.metricBecomes('sts_connections', 1);
    expect(await outcomes(worker, 1)).toEqual(['TIMEOUT']);
    const next = await server.connect();
    await next.init();
    expect(await outcomes(next, 1)).toEqual(['TIMEOUT']);
  });

  it('can be changed by a later control of wider reach', async () => {
    const { server, worker } = await start();
    await worker.control('config:processing_delay', { delay: 60_000 });
    const driver = await server.connect();
    await driver.control('config:processing_delay', { delay: 0 });
    expect(await outcomes(worker, 1)).toEqual(['success']);
  });

  it('leaves other settings of the session alone', async () => {
    const { server, worker } = await start();
    await worker.control('config:error_simulation', always);
    const driver = await server.connect();
    await driver.control('config:processing_delay', { delay: 0 });
    expect(await outcomes(worker, 1)).toEqual(['TIMEOUT']);
  });

  it('is told to the callback as well when the driver gives one', async () => {
    const { server } = await start();
    const driver = await server.connect();
    const answer = await driver.socket.timeout(2_000).emitWithAck('config:processing_delay', { delay: 1 });
    expect(answer).toMatchObject({ status: 'accepted' });
  });
});

describe('config:reset', () => {
  it('takes everything back to the environment for every session, present and next', async () => {
    const { server, worker } = await start({ ECHO_PROCESSING_DELAY_MS: '20' });
    const driver = await server.connect();
    await driver.control('config:error_simulation', { rules: [{ trigger: 'nth_fragment', value: 1, silent: true }] });
    await driver.control('config:processing_delay', { delay: 60_000 });
    await driver.control('config:dubbed_duration', { scale: 1.5 });
    await driver.control('config:backpressure', { action: 'pause' });
    driver.emit('simulate:disconnect', { delay_ms: 100 });
    expect(await driver.control('config:reset')).toEqual({
      status: 'accepted',
      applied_to: { scope: 'all', sessions: 1 },
    });
    expect(worker.all('backpressure').map((one) => one.action)).toEqual(['pause', 'none']);
    const next = await server.connect();
    await next.init('stream-2');
    for (const [client, stream_id] of [
      [worker, 'stream-1'],
      [next, 'stream-2'],
    ] as const) {
      client.send(0, { stream_id });
      const processed = await client.next('fragment:processed');
      expect(processed).toMatchObject({ status: 'success', dubbed_audio: { duration_ms: 10 } });
      expect(processed.processing_time_ms).toBeGreaterThanOrEqual(19);
      expect(client.all('backpressure').at(-1)?.action ?? 'none').toBe('none');
    }
    // The disconnect that was called off would have come by now.
    await worker.control('config:processing_delay', { delay: 150 });
    worker.send(1);
    await worker.next('fragment:processed');
    expect(worker.closedBecause).toBeUndefined();
  });

  it('from a worker resets only its own session', async () => {
    const { server, worker } = await start();
    const driver = await server.connect();
    await driver.control('config:error_simulation', {
      rules: [{ trigger: 'nth_fragment', value: 1, error_code: 'TIMEOUT' }],
    });
    expect(await worker.control('config:reset', {})).toMatchObject({ applied_to: { scope: 'session' } });
    expect(await outcomes(worker, 1)).toEqual(['success']);
    const next = await server.connect();
    await next.init();
    expect(await outcomes(next, 1)).toEqual(['TIMEOUT']);
  });
});

describe('config:dubbed_duration', () => {
  it.each([
    [1.05, 10.5, 504],
    [0.7, 7, 336],
    [1.033, 10.33, 496],
    [1, 10, 480],
  ])('scales PCM by %d: %d ms, %d samples a channel, the beginning untouched', async (scale, durationMs, samples) => {
    const { worker } = await start();
    expect(await worker.control('config:dubbed_duration', { scale })).toMatchObject({ status: 'accepted', scale });
    worker.send(0);
    const { dubbed_audio: dubbed } = await worker.next('fragment:processed');
    const bytes = Buffer.from(dubbed.data_base64, 'base64');
    expect(dubbed.duration_ms).toBe(durationMs);
    expect(bytes.length).toBe(samples * 4);
    const kept = Math.min(samples, 480) * 4;
    expect(bytes.subarray(0, kept).equals(Buffer.alloc(kept, 1))).toBe(true);
    expect(bytes.subarray(kept).every((byte) => byte === 0)).toBe(true);
  });

  it.each([[{}], [{ scale: 0 }], [{ scale: 5 }], [{ scale: '105%' }], [undefined]])('rejects %j', async (payload) => {
    const { worker } = await start();
    expect(await worker.control('config:dubbed_duration', payload)).toMatchObject({ status: 'rejected' });
  });
});
