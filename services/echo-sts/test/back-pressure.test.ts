import { describe, expect, it } from 'vitest';
import { BackPressure, type BackPressureSetting, type Pressure } from '../src/back-pressure.ts';
import { Timers } from '../src/timers.ts';
import { startServer } from './server.ts';

const ON = { BACKPRESSURE_ENABLED: 'true' };
const short = ({ severity, action, recommended_delay_ms: ms, current_inflight: inFlight }: Record<string, unknown>) =>
  [inFlight, severity, action, ...(ms === undefined ? [] : [ms])].join(' ');

describe('back-pressure by load', () => {
  it('says low at half, medium at 0.7, high at 0.9 of max_inflight, and clears once below half', async () => {
    const client = await (await startServer(ON)).connect();
    await client.init('stream-1', { max_inflight: 10 });
    const ids = Array.from({ length: 11 }, (_, sequenceNumber) => client.send(sequenceNumber));
    for (const id of ids) {
      client.acknowledge(id);
      await client.settle();
    }
    expect(client.all('backpressure').map(short)).toEqual([
      '5 low none',
      '7 medium slow_down 500',
      '9 high pause 1000',
      '8 medium slow_down 500',
      '6 low none',
      '4 low none',
    ]);
  });

  it('carries the stream, the severity, the action and the two counts', async () => {
    const client = await (await startServer({ ...ON, ECHO_PROCESSING_DELAY_MS: '60000' })).connect();
    await client.init('stream-1', { max_inflight: 1 });
    client.send(0);
    expect(await client.next('backpressure')).toEqual({
      stream_id: 'stream-1',
      severity: 'high',
      action: 'pause',
      recommended_delay_ms: 1_000,
      current_inflight: 1,
      queue_depth: 1,
    });
  });

  it('with max_inflight 3 pauses at three in flight and lets go on at two', async () => {
    const client = await (await startServer(ON)).connect();
    await client.init();
    const ids = [0, 1, 2].map((sequenceNumber) => client.send(sequenceNumber));
    for (const id of ids) client.acknowledge(id);
    await client.settle();
    expect(client.all('backpressure').map(short)).toEqual([
      '2 low none',
      '3 high pause 1000',
      '2 low none',
      '1 low none',
    ]);
  });

  it('is counted to the acknowledgement, not to the answer', async () => {
    const client = await (await startServer(ON)).connect();
    await client.init('stream-1', { max_inflight: 1 });
    const id = client.send(0);
    await client.next('fragment:processed');
    await client.settle();
    expect(client.all('backpressure').map(short)).toEqual(['1 high pause 1000']);
    client.acknowledge(id);
    expect(short(await client.next('backpressure'))).toBe('0 low none');
  });

  it('is lifted again when a silent fragment has timed out, so that silence does not stop a worker for ever', async () => {
    const client = await (await startServer(ON)).connect();
    await client.init('stream-1', { max_inflight: 1, timeout_ms: 100 });
    await client.control('config:processing_delay', { silent: true });
    client.send(0);
    expect(short(await client.next('backpressure'))).toBe('1 high pause 1000');
    expect(short(await client.next('backpressure'))).toBe('0 low none');
  });

  it('is off unless the environment or a driver turns it on', async () => {
    const client = await (await startServer()).connect();
    await client.init('stream-1', { max_inflight: 1 });
    client.send(0);
    await client.settle();
    expect(client.all('backpressure')).toEqual([]);
    await client.control('config:backpressure', { enabled: true });
    expect(client.all('backpressure').map(short)).toEqual(['1 high pause 1000']);
  });

  it('uses the thresholds of the environment', async () => {
    const env = {
      BACKPRESSURE_THRESHOLD_LOW: '0.1',
      BACKPRESSURE_THRESHOLD_MEDIUM: '0.2',
      BACKPRESSURE_THRESHOLD_HIGH: '1',
    };
    const client = await (await startServer({ ...ON, ...env })).connect();
    await client.init('stream-1', { max_inflight: 10 });
    client.send(0);
    client.send(1);
    await client.settle();
    expect(client.all('backpressure').map(short)).toEqual(['1 low none', '2 medium slow_down 500']);
  });
});

describe('config:backpressure', () => {
  it('emits what it is told at once, holds it, and clears it when disabled', async () => {
    const server = await startServer();
    const [worker, driver] = [await server.connect(), await server.connect()];
    await worker.init();
    const ack = await driver.control('config:backpressure', { action: 'slow_down', recommended_delay_ms: 250 });
    expect(ack).toMatchObject({ status: 'accepted' });
    expect(short(await worker.next('backpressure'))).toBe('0 medium slow_down 250');
    worker.acknowledge(worker.send(0));
    await worker.settle();
    expect(worker.all('backpressure')).toHaveLength(1);
    await driver.control('config:backpressure', { enabled: false });
    expect(short(await worker.next('backpressure'))).toBe('0 low none');
  });

  it.each([
    [{ action: 'pause' }, '0 high pause 1000'],
    [{ action: 'slow_down' }, '0 medium slow_down 500'],
    [{ action: 'none' }, '0 low none'],
    [{ action: 'pause', severity: 'medium', recommended_delay_ms: 0 }, '0 medium pause 0'],
  ])('%j emits %s', async (control, expected) => {
    const client = await (await startServer()).connect();
    await client.init();
    await client.control('config:backpressure', control);
    expect(client.all('backpressure').map(short)).toEqual([expected]);
  });

  it('lets a paused worker go on with the action none', async () => {
    const client = await (await startServer()).connect();
    await client.init();
    await client.control('config:backpressure', { action: 'pause' });
    await client.control('config:backpressure', { action: 'none' });
    expect(client.all('backpressure').map(short)).toEqual(['0 high pause 1000', '0 low none']);
  });

  it('can wait for the third fragment', async () => {
    const client = await (await startServer()).connect();
    await client.init();
    await client.control('config:backpressure', { action: 'pause', after_fragments: 3 });
    client.send(0);
    client.send(1);
    await client.settle();
    expect(client.all('backpressure')).toEqual([]);
    client.send(2);
    expect(short(await client.next('backpressure'))).toBe('3 high pause 1000');
  });

  it('can wait for a time, and end by itself after another', async () => {
    const client = await (await startServer()).connect();
    await client.init();
    const startedAt = performance.now();
    await client.control('config:backpressure', { action: 'pause', after_ms: 100, for_ms: 100 });
    await client.next('backpressure');
    expect(performance.now() - startedAt).toBeGreaterThan(95);
    await client.next('backpressure');
    expect(performance.now() - startedAt).toBeGreaterThan(190);
    expect(client.all('backpressure').map(short)).toEqual(['0 high pause 1000', '0 low none']);
  });

  it('can stand while the load is at least something', async () => {
    const client = await (await startServer()).connect();
    await client.init('stream-1', { max_inflight: 4 });
    await client.control('config:backpressure', { action: 'slow_down', at_load: 0.5 });
    const [first] = [client.send(0), client.send(1)];
    await client.settle();
    client.acknowledge(first);
    await client.settle();
    client.send(2);
    await client.settle();
    expect(client.all('backpressure').map(short)).toEqual([
      '2 medium slow_down 500',
      '1 low none',
      '2 medium slow_down 500',
    ]);
  });

  it('can change the thresholds', async () => {
    const client = await (await startServer()).connect();
    await client.init('stream-1', { max_inflight: 10 });
    await client.control('config:backpressure', { enabled: true, threshold_low: 0.1 });
    client.send(0);
    await client.settle();
    expect(client.all('backpressure').map(short)).toEqual(['1 low none']);
  });

  it('reaches the next session as soon as it is ready', async () => {
    const server = await startServer();
    await (await server.connect()).control('config:backpressure', { action: 'pause' });
    const worker = await server.connect();
    await worker.init();
    expect(short(await worker.next('backpressure'))).toBe('0 high pause 1000');
  });

  it.each([
    [{}],
    [{ action: 'stop' }],
    [{ severity: 'high' }],
    [{ action: 'pause', enabled: false }],
    [{ action: 'pause', after_ms: 1, after_fragments: 1 }],
    [{ enabled: true, threshold_low: 0.8 }],
    [{ enabled: true, treshold_low: 0.1 }],
    [undefined],
  ])('rejects %j and changes nothing', async (control) => {
    const client = await (await startServer()).connect();
    await client.init('stream-1', { max_inflight: 1 });
    const ack = await client.control('config:backpressure', control);
    expect(ack).toEqual({ status: 'rejected', message: expect.any(String) });
    client.send(0);
    await client.settle();
    expect(client.all('backpressure')).toEqual([]);
  });
});

describe('the state of back-pressure', () => {
  const setting: BackPressureSetting = { enabled: true, thresholds: { low: 0.5, medium: 0.7, high: 0.9 } };

  it('returns from forced pressure to what the load says', () => {
    const sent: Pressure[] = [];
    const it = new BackPressure(setting, new Timers(), (pressure) => sent.push(pressure));
    it.loadChanged(0.8);
    it.configure({ ...setting, forced: { pressure: { severity: 'high', action: 'pause' } } });
    it.loadChanged(0.2);
    it.loadChanged(0.75);
    it.configure(setting);
    expect(sent.map(({ action }) => action)).toEqual(['slow_down', 'pause', 'slow_down']);
  });
});
