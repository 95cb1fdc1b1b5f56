import { describe, expect, it } from 'vitest';
import { startServer } from './server.ts';

describe('stream:init', () => {
  it('is answered by stream:ready with a session, the max_inflight in force, and the capabilities', async () => {
    const client = await (await startServer()).connect();
    const ready = await client.init('stream-1', { max_inflight: 5 });
    expect(ready).toEqual({
      stream_id: 'stream-1',
      session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      max_inflight: 5,
      capabilities: { batch_processing: false, async_delivery: true },
    });
  });

  it.each([{ config: {} }, {}])('takes %j besides the two names, and 3 in flight by default', async (rest) => {
    const client = await (await startServer()).connect();
    client.emit('stream:init', { stream_id: 'stream-1', worker_id: 'worker-1', ...rest });
    expect(await client.next('stream:ready')).toMatchObject({ max_inflight: 3 });
  });

  it('takes every field of the protocol, and ignores fields of other implementations', async () => {
    const client = await (await startServer()).connect();
    client.emit('stream:init', {
      stream_id: 'stream-1',
      worker_id: 'worker-1',
      config: {
        source_language: 'en',
        target_language: 'fr',
        voice_profile: 'calm',
        chunk_duration_ms: 6_000,
        sample_rate_hz: 48_000,
        channels: 2,
        format: 'm4a',
        speaker_count: 2,
      },
      max_inflight: 3,
      timeout_ms: 8_000,
      region: 'eu',
    });
    await client.next('stream:ready');
    client.send(0);
    expect(await client.next('fragment:processed')).toMatchObject({
      translated_text: expect.stringMatching(/^\[fr\]/),
    });
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'hello'],
    ['no names', {}],
    ['an empty name', { stream_id: '', worker_id: 'w' }],
    ['a name of 129 characters', { stream_id: 'x'.repeat(129), worker_id: 'w' }],
    ['a number for a name', { stream_id: 7, worker_id: 'w' }],
    ['no worker', { stream_id: 's' }],
    ['an unknown format', { stream_id: 's', worker_id: 'w', config: { format: 'mp3' } }],
    ['nothing in flight', { stream_id: 's', worker_id: 'w', max_inflight: 0 }],
    ['a negative timeout', { stream_id: 's', worker_id: 'w', timeout_ms: -1 }],
    ['a half channel', { stream_id: 's', worker_id: 'w', config: { channels: 1.5 } }],
  ])('is refused with INVALID_CONFIG when it holds %s', async (_, payload) => {
    const client = await (await startServer()).connect();
    client.emit('stream:init', payload);
    expect(await client.next('error')).toMatchObject({ code: 'INVALID_CONFIG', severity: 'error', retryable: false });
    await client.init();
  });

  it('names the wrong fields in the message', async () => {
    const client = await (await startServer()).connect();
    client.emit('stream:init', { stream_id: 's', worker_id: 'w', config: { channels: 1.5 } });
    expect((await client.next('error')).message).toContain('config.channels');
  });

  it('starts over at sequence number 0 when it comes again on the same socket', async () => {
    const client = await (await startServer()).connect();
    const first = await client.init();
    client.send(0);
    await client.next('fragment:processed');
    const second = await client.init('stream-2');
    expect(second.session_id).not.toBe(first.session_id);
    client.send(0, { stream_id: 'stream-2' });
    expect(await client.next('fragment:processed')).toMatchObject({ stream_id: 'stream-2', sequence_number: 0 });
  });

  it('drops what the session before it had not answered', async () => {
    const server = await startServer({ ECHO_PROCESSING_DELAY_MS: '200' });
    const client = await server.connect();
    await client.init();
    client.send(0);
    await client.init('stream-2');
    client.send(0, { stream_id: 'stream-2' });
    await client.next('fragment:processed');
    expect(client.all('fragment:processed').map((one) => one.stream_id)).toEqual(['stream-2']);
    expect(await server.metric('sts_inflight_fragments')).toBe(1);
  });
});

describe('stream:pause and stream:resume', () => {
  it('refuse fragments in between with STREAM_NOT_FOUND, and take the same number afterwards', async () => {
    const client = await (await startServer()).connect();
    await client.init();
    client.emit('stream:pause', { stream_id: 'stream-1', reason: 'advertisement' });
    const refused = client.send(0);
    expect(await client.next('error')).toMatchObject({
      code: 'STREAM_NOT_FOUND',
      stream_id: 'stream-1',
      fragment_id: refused,
      retryable: false,
    });
    client.emit('stream:resume', { stream_id: 'stream-1' });
    client.send(0);
    expect(await client.next('fragment:processed')).toMatchObject({ sequence_number: 0, status: 'success' });
  });

  it('let a worker go on with the number after the refused one, too', async () => {
    const client = await (await startServer()).connect();
    await client.init();
    client.emit('stream:pause', { stream_id: 'stream-1' });
    client.send(0);
    client.emit('stream:resume', { stream_id: 'stream-1' });
    client.send(1);
    expect(await client.next('fragment:processed')).toMatchObject({ sequence_number: 1 });
  });

  it('still answer what was taken before the pause', async () => {
    const client = await (await startServer({ ECHO_PROCESSING_DELAY_MS: '50' })).connect();
    await client.init();
    client.send(0);
    client.emit('stream:pause', { stream_id: 'stream-1' });
    expect(await client.next('fragment:processed')).toMatchObject({ sequence_number: 0 });
  });

  it.each(['stream:pause', 'stream:resume', 'stream:end'])(
    '%s without a session is STREAM_NOT_FOUND',
    async (event) => {
      const client = await (await startServer()).connect();
      client.emit(event, { stream_id: 'stream-1' });
      expect(await client.next('error')).toMatchObject({ code: 'STREAM_NOT_FOUND', stream_id: 'stream-1' });
      await client.init();
      client.emit(event, { stream_id: 'another' });
      expect(await client.next('error')).toMatchObject({ code: 'STREAM_NOT_FOUND', stream_id: 'another' });
      client.emit(event, {});
      expect(await client.next('error')).toMatchObject({ code: 'INVALID_CONFIG' });
    },
  );
});

describe('stream:end', () => {
  it('lets every answer out, then completes with the totals and statistics', async () => {
    const client = await (await startServer()).connect();
    await client.init();
    await client.control('config:error_simulation', {
      enabled: true,
      rules: [
        { trigger: 'sequence_number', value: 1, error_code: 'MODEL_ERROR' },
        { trigger: 'sequence_number', value: 2, error_code: 'GPU_OOM', status: 'partial' },
        { trigger: 'sequence_number', value: 3, silent: true },
      ],
    });
    await client.control('config:processing_delay', { delay: '40ms' });
    for (const sequenceNumber of [0, 1, 2, 3]) client.send(sequenceNumber);
    client.emit('stream:end', { stream_id: 'stream-1', reason: 'source ended' });
    const complete = await client.next('stream:complete');
    expect(client.all('fragment:processed')).toHaveLength(3);
    expect(complete).toEqual({
      stream_id: 'stream-1',
      total_fragments: 4,
      total_duration_ms: 40,
      statistics: {
        success_count: 1,
        partial_count: 1,
        failed_count: 1,
        avg_processing_time_ms: expect.any(Number),
        p95_processing_time_ms: expect.any(Number),
      },
    });
    expect(complete.statistics.avg_processing_time_ms).toBeGreaterThanOrEqual(38);
    expect(complete.statistics.p95_processing_time_ms).toBeGreaterThanOrEqual(
      complete.statistics.avg_processing_time_ms,
    );
  });

  it('completes an empty stream with zeros', async () => {
    const client = await (await startServer()).connect();
    await client.init();
    client.emit('stream:end', { stream_id: 'stream-1' });
    expect(await client.next('stream:complete')).toEqual({
      stream_id: 'stream-1',
      total_fragments: 0,
      total_duration_ms: 0,
      statistics: {
        success_count: 0,
        partial_count: 0,
        failed_count: 0,
        avg_processing_time_ms: 0,
        p95_processing_time_ms: 0,
      },
    });
  });

  it('refuses fragments, and a second end, while the stream is ending', async () => {
    const client = await (await startServer({ ECHO_PROCESSING_DELAY_MS: '100' })).connect();
    await client.init();
    client.send(0);
    client.emit('stream:end', { stream_id: 'stream-1' });
    client.send(1);
    expect(await client.next('error')).toMatchObject({ code: 'STREAM_NOT_FOUND' });
    client.emit('stream:end', { stream_id: 'stream-1' });
    expect(await client.next('error')).toMatchObject({ code: 'STREAM_NOT_FOUND' });
    await client.next('stream:complete');
    expect(client.all('fragment:processed')).toHaveLength(1);
  });

  it('disconnects the worker the configured time after stream:complete', async () => {
    const client = await (await startServer({ AUTO_DISCONNECT_DELAY: '300ms' })).connect();
    await client.init();
    client.emit('stream:end', { stream_id: 'stream-1' });
    await client.next('stream:complete');
    const completeAt = performance.now();
    expect(await client.closed()).toBe('io server disconnect');
    expect(performance.now() - completeAt).toBeGreaterThan(280);
    expect(performance.now() - completeAt).toBeLessThan(4_000);
  });

  it('stays connected when a new session starts before that', async () => {
    const client = await (await startServer({ AUTO_DISCONNECT_DELAY: '50ms' })).connect();
    await client.init();
    client.emit('stream:end', { stream_id: 'stream-1' });
    await client.next('stream:complete');
    await client.init();
    await client.control('config:processing_delay', { delay: 150 });
    client.send(0);
    await client.next('fragment:processed');
    expect(client.closedBecause).toBeUndefined();
  });
});
