import { describe, expect, it } from 'vitest';
import { startServer } from './server.ts';

describe('the log', () => {
  it('has a line for every event received and sent, with its stream, fragment and sequence number', async () => {
    const server = await startServer({ BACKPRESSURE_ENABLED: 'true' });
    const client = await server.connect();
    await client.init('stream-1', { max_inflight: 1 });
    const id = client.send(0);
    await client.next('fragment:processed');
    client.acknowledge(id);
    client.emit('stream:end', { stream_id: 'stream-1', reason: 'source ended' });
    await client.next('stream:complete');
    const lines = server.logs
      .filter(({ event }) => event !== undefined)
      .map((line) => [line.direction, line.event, line.streamId, line['fragment.id'], line.sequence_number]);
    expect(lines).toEqual([
      ['received', 'stream:init', 'stream-1', undefined, undefined],
      ['sent', 'stream:ready', 'stream-1', undefined, undefined],
      ['received', 'fragment:data', 'stream-1', id, 0],
      ['sent', 'fragment:ack', 'stream-1', id, 0],
      ['sent', 'backpressure', 'stream-1', undefined, undefined],
      ['sent', 'fragment:processed', 'stream-1', id, 0],
      ['received', 'fragment:ack', 'stream-1', id, 0],
      ['sent', 'backpressure', 'stream-1', undefined, undefined],
      ['received', 'stream:end', 'stream-1', undefined, undefined],
      ['sent', 'stream:complete', 'stream-1', undefined, undefined],
    ]);
    const data = server.logs.find(({ event }) => event === 'fragment:data');
    expect(data).toMatchObject({ format: 'pcm_s16le', duration_ms: expect.any(Number) });
    expect(JSON.stringify(data)).not.toContain('data_base64');
  });

  it('gives the time in epoch seconds and the level as a word', async () => {
    const server = await startServer();
    await (await server.connect()).init();
    for (const line of server.logs) {
      expect(Math.abs((line.timestamp as number) - Date.now() / 1_000)).toBeLessThan(5);
      expect(line.level).toBe('info');
      expect(line.msg).toEqual(expect.any(String));
    }
  });

  it('says what was sent: status, error code, action', async () => {
    const server = await startServer();
    const client = await server.connect();
    await client.init();
    await client.control('config:error_simulation', {
      rules: [{ trigger: 'nth_fragment', value: 1, error_code: 'TIMEOUT' }],
    });
    await client.control('config:backpressure', { action: 'pause' });
    client.send(0);
    await client.next('fragment:processed');
    client.send(5);
    await client.next('error');
    const sent = (event: string) => server.logs.find((line) => line.event === event && line.direction === 'sent');
    expect(sent('fragment:processed')).toMatchObject({ status: 'failed', error_code: 'TIMEOUT' });
    expect(sent('backpressure')).toMatchObject({ severity: 'high', action: 'pause', recommended_delay_ms: 1_000 });
    expect(sent('config:error_simulation:ack')).toMatchObject({ status: 'accepted', rules_count: 1 });
    expect(sent('error')).toMatchObject({
      level: 'warn',
      code: 'INVALID_SEQUENCE',
      sequence_number: 5,
      streamId: 'stream-1',
    });
  });

  it('never holds audio', async () => {
    const server = await startServer();
    const client = await server.connect();
    await client.init();
    client.send(0, { audio: { data_base64: 'SECRETSOUND0'.repeat(100) } });
    await client.next('fragment:processed');
    expect(JSON.stringify(server.logs)).not.toContain('SECRETSOUND');
  });
});
