import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock as clock } from '../base/clock.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { createMetricSampler, type MetricSampler } from './metric-sampler.ts';
import { startServer, type TestServer } from './testing.ts';

const never = new AbortController().signal;
let server: TestServer;
let answer: (requests: number) => { status?: number; body: string | Buffer; hold?: boolean; afterMs?: number };
let requests: number;
let atOnce: number;
let mostAtOnce: number;
let sampler: MetricSampler | undefined;
let events: TimelineEvent[];

beforeEach(async () => {
  answer = (count) => ({ body: `n ${count}\nsteady 7\n` });
  requests = 0;
  atOnce = 0;
  mostAtOnce = 0;
  events = [];
  server = await startServer((_, response) => {
    requests += 1;
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    response.once('close', () => {
      atOnce -= 1;
    });
    const { status = 200, body, hold, afterMs = 0 } = answer(requests);
    if (!hold) setTimeout(() => response.writeHead(status).end(body), afterMs);
  });
});
afterEach(async () => {
  sampler?.stop();
  await server.close();
});

function create(options: { everyMs?: number; timeoutMs?: number } = {}): MetricSampler {
  sampler = createMetricSampler({
    targets: [{ service: 'svc', url: `${server.url}/metrics` }],
    clock,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return sampler;
}

describe('createMetricSampler', () => {
  it('samples at its pace until it is stopped', async () => {
    const metrics = create({ everyMs: 50 });
    const startedAt = Date.now();
    metrics.start();
    await expect.poll(() => requests).toBeGreaterThanOrEqual(6);
    const tookMs = Date.now() - startedAt;
    expect(tookMs).toBeGreaterThanOrEqual(5 * 50 - 10);
    metrics.stop();
    const history = metrics.history('svc', { fromMs: 0 });
    expect(history.map(({ points }) => points[0]?.value)).toEqual(history.map((_, index) => index + 1));
    expect(history[0]?.atMs).toBeGreaterThanOrEqual(startedAt);
    const stoppedAt = requests;
    await clock.delay(200); // four more would have come
    expect(requests).toBe(stoppedAt);
  });

  it('notes only what changed', async () => {
    const metrics = create();
    await metrics.scrape('svc', never);
    await metrics.scrape('svc', never);
    expect(events).toMatchObject([
      { type: 'metrics', service: 'svc', values: { n: 1, steady: 7 } },
      { type: 'metrics', service: 'svc', values: { n: 2 } },
    ]);
    expect(Object.keys(events[1]?.type === 'metrics' ? events[1].values : {})).toEqual(['n']);
    answer = () => ({ body: 'n 2\nsteady 7\n' });
    await metrics.scrape('svc', never);
    expect(events[2]).toMatchObject({ type: 'metrics', service: 'svc', values: {} });
  });

  it('asks over one connection, and over a new one when that was closed, without a miss', async () => {
    let connections = 0;
    server.server.on('connection', () => {
      connections += 1;
    });
    const metrics = create();
    for (let scrapes = 0; scrapes < 4; scrapes += 1) await metrics.scrape('svc', never);
    expect(connections).toBe(1);
    server.server.closeAllConnections();
    await metrics.scrape('svc', never);
    expect(metrics.lastProblem('svc')).toBeUndefined();
    expect(connections).toBe(2);
  });

  it('never asks a service twice at once', async () => {
    const metrics = create({ everyMs: 1 });
    answer = () => ({ body: 'n 1\n', afterMs: 20 });
    metrics.start();
    await Promise.all(Array.from({ length: 5 }, () => metrics.scrape('svc', never)));
    expect(mostAtOnce).toBe(1);
  });

  it('goes on after failures, and tells the newest', async () => {
    const metrics = create({ everyMs: 20 });
    answer = () => ({ status: 503, body: '' });
    metrics.start();
    await expect.poll(() => metrics.lastProblem('svc')).toBe('HTTP status 503');
    answer = () => ({ body: '<html>' });
    await expect.poll(() => metrics.lastProblem('svc')).toMatch(/^not Prometheus text/);
    expect(metrics.history('svc', { fromMs: 0 })).toEqual([]);
    answer = () => ({ body: 'n 1\n' });
    await expect.poll(() => metrics.lastProblem('svc')).toBeUndefined();
    expect(metrics.history('svc', { fromMs: 0 })).not.toEqual([]);
  });

  it.each([
    ['holds back its answer', { body: '', hold: true }, 'no answer within 100 ms'],
    ['answers without end', { body: Buffer.alloc(5 * 1024 * 1024, 'a 1\n') }, 'the answer is longer than 4 MiB'],
  ])('gives up on a service that %s', async (_, held, reason) => {
    answer = () => held;
    const metrics = create({ timeoutMs: 100 });
    const scraping = metrics.scrape('svc', never);
    await expect(scraping).rejects.toMatchObject({
      code: 'METRICS_UNREADABLE',
      message: expect.stringContaining(reason),
    });
  });

  it('says which services have metrics', async () => {
    const metrics = create();
    expect(metrics.services()).toEqual(['svc']);
    expect(metrics.history('other', { fromMs: 0 })).toEqual([]);
    await expect((async () => metrics.scrape('other', never))()).rejects.toMatchObject({
      code: 'METRICS_UNREADABLE',
      hint: expect.stringContaining('services that have one: svc'),
    });
  });

  it('does not pass a cut history off as a whole one', async () => {
    const metrics = createMetricSampler({
      targets: [{ service: 'svc', url: server.url }],
      clock,
      onEvent: () => {},
      limits: { scrapes: 2 },
    });
    const fromMs = Date.now();
    for (let count = 0; count < 4; count += 1) await metrics.scrape('svc', never);
    expect(() => metrics.history('svc', { fromMs })).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
    expect(metrics.history('svc', { fromMs: Date.now() + 1 })).toHaveLength(1);
  });

  it('hands out what came as it came, and keeps what can be read of it in the history', async () => {
    const metrics = create();
    answer = () => ({ body: 'n 1\n' });
    expect(await metrics.exposition('svc', never)).toMatchObject({ status: 200, text: 'n 1\n' });
    expect(metrics.history('svc', { fromMs: 0 })).toHaveLength(1);
    answer = () => ({ status: 503, body: 'n 1, 2' });
    expect(await metrics.exposition('svc', never)).toMatchObject({ status: 503, text: 'n 1, 2' });
    expect(metrics.history('svc', { fromMs: 0 })).toHaveLength(1);
    expect(metrics.lastProblem('svc')).toBe('HTTP status 503');
    await server.close();
    await expect(metrics.exposition('svc', never)).rejects.toMatchObject({ code: 'METRICS_UNREADABLE' });
  });
});
