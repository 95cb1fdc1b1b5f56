import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fragmentOf } from './client.ts';
import { startServer } from './server.ts';

const withSession = async (env: Record<string, string> = {}, init: object = {}) => {
  const server = await startServer(env);
  const client = await server.connect();
  await client.init('stream-1', init);
  return { server, client };
};

describe('fragment:data', () => {
  it('is acknowledged as queued at once, then answered with its own audio and every field of the protocol', async () => {
    const { client } = await withSession();
    const fragment = fragmentOf(0);
    client.emit('fragment:data', fragment);
    expect(await client.next('fragment:ack')).toEqual({
      fragment_id: fragment.fragment_id,
      status: 'queued',
      queue_position: 0,
      estimated_completion_ms: 0,
    });
    const processed = await client.next('fragment:processed');
    expect(processed).toEqual({
      fragment_id: fragment.fragment_id,
      stream_id: 'stream-1',
      sequence_number: 0,
      status: 'success',
      dubbed_audio: fragment.audio,
      transcript: expect.any(String),
      translated_text: expect.any(String),
      processing_time_ms: expect.any(Number),
      stage_timings: { asr_ms: expect.any(Number), translation_ms: expect.any(Number), tts_ms: expect.any(Number) },
      metadata: { asr_model: expect.any(String), translation_model: expect.any(String), tts_model: expect.any(String) },
    });
    const { asr_ms, translation_ms, tts_ms } = processed.stage_timings;
    expect(asr_ms + translation_ms + tts_ms).toBe(processed.processing_time_ms);
  });

  it('echoes m4a byte for byte', async () => {
    const { client } = await withSession();
    const audio = { format: 'm4a', duration_ms: 6_000, data_base64: Buffer.from('not really AAC').toString('base64') };
    client.send(0, { audio });
    expect((await client.next('fragment:processed')).dubbed_audio).toMatchObject(audio);
  });

  it('is acknowledged before its answer is ready, with how many are ahead of it', async () => {
    const { client } = await withSession({ ECHO_PROCESSING_DELAY_MS: '150' });
    client.send(0);
    client.send(1);
    await client.next('fragment:ack');
    expect(await client.next('fragment:ack')).toMatchObject({ queue_position: 1, estimated_completion_ms: 150 });
    expect(client.all('fragment:processed')).toEqual([]);
    await client.next('fragment:processed', ({ sequence_number }) => sequence_number === 1);
  });

  it('is taken without optional metadata', async () => {
    const { client } = await withSession();
    const { metadata: _, ...bare } = fragmentOf(0);
    client.emit('fragment:data', bare);
    expect(await client.next('fragment:processed')).toMatchObject({ status: 'success' });
  });

  it('before stream:init is STREAM_NOT_FOUND', async () => {
    const client = await (await startServer()).connect();
    const id = client.send(0);
    expect(await client.next('error')).toEqual({
      error_id: expect.any(String),
      stream_id: 'stream-1',
      fragment_id: id,
      code: 'STREAM_NOT_FOUND',
      message: expect.any(String),
      severity: 'error',
      retryable: false,
      metadata: { event: 'fragment:data', sequence_number: 0 },
    });
  });

  it('of another stream is STREAM_NOT_FOUND', async () => {
    const { client } = await withSession();
    client.send(0, { stream_id: 'stream-2' });
    expect(await client.next('error')).toMatchObject({ code: 'STREAM_NOT_FOUND', stream_id: 'stream-2' });
  });

  it('with a gap in the numbers is INVALID_SEQUENCE, and the missing number is still expected', async () => {
    const { client } = await withSession();
    client.send(0);
    client.send(2);
    expect(await client.next('error')).toMatchObject({
      code: 'INVALID_SEQUENCE',
      retryable: false,
      metadata: { expected: 1, received: 2 },
    });
    client.send(1);
    expect(await client.next('fragment:processed', ({ sequence_number }) => sequence_number === 1)).toBeDefined();
  });

  it('with a number it has had is INVALID_SEQUENCE', async () => {
    const { client } = await withSession();
    client.send(0);
    client.send(0);
    expect(await client.next('error')).toMatchObject({ code: 'INVALID_SEQUENCE', message: /duplicate/ });
  });

  it('that starts at 1 is INVALID_SEQUENCE', async () => {
    const { client } = await withSession();
    client.send(1);
    expect(await client.next('error')).toMatchObject({ code: 'INVALID_SEQUENCE' });
  });

  it('with an id that is in flight already is INVALID_SEQUENCE', async () => {
    const { client } = await withSession();
    const fragment_id = client.send(0);
    client.send(1, { fragment_id });
    expect(await client.next('error')).toMatchObject({ code: 'INVALID_SEQUENCE', fragment_id });
  });

  it('with audio of exactly 10 MiB is taken, and of one byte more is FRAGMENT_TOO_LARGE', async () => {
    const { client } = await withSession();
    const limit = 10 * 1024 * 1024;
    client.send(0, { audio: { data_base64: Buffer.alloc(limit).toString('base64') } });
    expect(await client.next('fragment:processed')).toMatchObject({ sequence_number: 0, status: 'success' });
    const tooLarge = client.send(1, { audio: { data_base64: Buffer.alloc(limit + 1).toString('base64') } });
    expect(await client.next('error')).toMatchObject({
      code: 'FRAGMENT_TOO_LARGE',
      fragment_id: tooLarge,
      retryable: false,
    });
    client.send(2);
    expect(await client.next('fragment:processed')).toMatchObject({ sequence_number: 2 });
  });

  it.each([
    ['an id that is no UUID', { fragment_id: 'fragment-0' }],
    ['a negative number', { sequence_number: -1 }],
    ['a fractional number', { sequence_number: 0.5 }],
    ['a number as text', { sequence_number: '0' }],
    ['a time as text', { timestamp: 'now' }],
    ['no audio', { audio: undefined }],
    ['an unknown format', { audio: { ...fragmentOf(0).audio, format: 'wav' } }],
    ['no sound', { audio: { ...fragmentOf(0).audio, data_base64: '' } }],
    ['sound that is not base64', { audio: { ...fragmentOf(0).audio, data_base64: 'a-b_' } }],
    ['sound that is cut short', { audio: { ...fragmentOf(0).audio, data_base64: 'AAAAA' } }],
    ['a negative duration', { audio: { ...fragmentOf(0).audio, duration_ms: -1 } }],
    ['metadata that is a list', { metadata: [] }],
  ])('with %s is INVALID_CONFIG, and the stream goes on', async (_, wrong) => {
    const { client } = await withSession();
    client.emit('fragment:data', { ...fragmentOf(0), ...wrong });
    expect(await client.next('error')).toMatchObject({ code: 'INVALID_CONFIG', retryable: false });
    client.send(0);
    expect(await client.next('fragment:processed')).toMatchObject({ sequence_number: 0 });
  });

  it.each([0, 1])('may be followed by number %d when number 0 was refused as INVALID_CONFIG', async (next) => {
    const { client } = await withSession();
    client.emit('fragment:data', { ...fragmentOf(0), fragment_id: 'no UUID' });
    client.send(next);
    expect(await client.next('fragment:processed')).toMatchObject({ sequence_number: next });
  });

  it('is refused with QUEUE_FULL when 256 wait for their answer', async () => {
    const { client } = await withSession({ ECHO_PROCESSING_DELAY_MS: '60000' });
    for (let sequenceNumber = 0; sequenceNumber <= 256; sequenceNumber += 1) client.send(sequenceNumber);
    expect(await client.next('error')).toMatchObject({ code: 'QUEUE_FULL', severity: 'warning', retryable: true });
    expect(client.all('fragment:ack')).toHaveLength(256);
  });
});

describe('answers', () => {
  it('leave in sequence order although later fragments are ready first', async () => {
    const { client } = await withSession({ ECHO_PROCESSING_DELAY_MS: '200' });
    client.send(0);
    await client.control('config:processing_delay', { delay: 0 });
    for (const sequenceNumber of [1, 2, 3]) client.send(sequenceNumber);
    await client.next('fragment:processed', ({ sequence_number }) => sequence_number === 3);
    const processed = client.all('fragment:processed');
    expect(processed.map((one) => one.sequence_number)).toEqual([0, 1, 2, 3]);
    expect(processed[0].processing_time_ms).toBeGreaterThanOrEqual(195);
    expect(processed[3].processing_time_ms).toBeLessThan(processed[0].processing_time_ms);
  });

  it('come for a burst of more than max_inflight, each once', async () => {
    const { client } = await withSession();
    for (let sequenceNumber = 0; sequenceNumber < 50; sequenceNumber += 1) client.send(sequenceNumber);
    await client.next('fragment:processed', ({ sequence_number }) => sequence_number === 49);
    expect(client.all('fragment:processed').map((one) => one.sequence_number)).toEqual([...Array(50).keys()]);
    expect(client.all('error')).toEqual([]);
  });
});

describe("the worker's fragment:ack", () => {
  it('ends the flight of a fragment, which an answer alone does not', async () => {
    const { server, client } = await withSession();
    const id = client.send(0);
    await client.next('fragment:processed');
    expect(await server.metric('sts_inflight_fragments')).toBe(1);
    client.acknowledge(id, 'received');
    await client.settle();
    expect(await server.metric('sts_inflight_fragments')).toBe(0);
  });

  it('may come twice, late, or for a fragment of an older session, without an error', async () => {
    const { server, client } = await withSession();
    const id = client.send(0);
    await client.next('fragment:processed');
    client.acknowledge(id, 'received');
    client.acknowledge(id, 'applied');
    client.acknowledge(randomUUID());
    await client.settle();
    expect(client.all('error').filter(({ message }) => message !== 'unknown event settle')).toEqual([]);
    expect(await server.metric('sts_late_acks_total')).toBe(2);
    expect(await server.metric('sts_inflight_fragments')).toBe(0);
  });

  it.each([
    [{ fragment_id: 'x', status: 'applied', timestamp: 1 }],
    [{ fragment_id: randomUUID(), status: 'queued', timestamp: 1 }],
    [{ fragment_id: randomUUID(), status: 'applied' }],
    [undefined],
  ])('%j is INVALID_CONFIG', async (payload) => {
    const { client } = await withSession();
    client.emit('fragment:ack', payload);
    expect(await client.next('error')).toMatchObject({ code: 'INVALID_CONFIG' });
  });

  it('without a session is STREAM_NOT_FOUND', async () => {
    const client = await (await startServer()).connect();
    client.acknowledge(randomUUID());
    expect(await client.next('error')).toMatchObject({ code: 'STREAM_NOT_FOUND' });
  });

  it('is no longer waited for when the timeout of the session has passed', async () => {
    const { server, client } = await withSession({}, { timeout_ms: 120 });
    const id = client.send(0);
    await client.next('fragment:processed');
    await server.metricBecomes('sts_inflight_fragments', 0);
    expect(await server.metric('sts_fragments_given_up_total')).toBe(1);
    client.acknowledge(id);
    await client.settle();
    expect(await server.metric('sts_inflight_fragments')).toBe(0);
    expect(await server.metric('sts_late_acks_total')).toBe(1);
  });

  it('ends the wait for it, and so does the end of the session', async () => {
    const { server, client } = await withSession({}, { timeout_ms: 1_000 });
    client.acknowledge(client.send(0));
    const gone = await server.connect();
    await gone.init('stream-2', { timeout_ms: 1_000 });
    gone.send(0, { stream_id: 'stream-2' });
    await gone.settle();
    gone.close();
    await server.metricBecomes('sts_sessions', 1);
    // This one's wait began last and has no such end: when it is over, the others would be as well.
    client.send(1);
    await server.metricBecomes('sts_inflight_fragments', 0);
    await client.settle();
    expect(await server.metric('sts_fragments_given_up_total')).toBe(1);
    expect(await server.metric('sts_inflight_fragments')).toBe(0);
  });
});
