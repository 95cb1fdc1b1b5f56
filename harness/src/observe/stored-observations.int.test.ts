import { describe, expect, it } from 'vitest';
import { fakeClock } from '../base/clock.fake.ts';
import type { LogLine, Scrape } from '../model/ports.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { createLogStore } from './log-store.ts';
import { createMetricSampler } from './metric-sampler.ts';
import { StoredLogs } from './stored-logs.ts';
import { storedObservations } from './stored-observations.ts';
import { startServer } from './testing.ts';

const never = new AbortController().signal;
/** Exporters that name, type, reorder and drop series as they like. */
const TEXTS = [
  '# TYPE n counter\nn{a="1"} 1\nn{a="2"} 2\nplain 7\n',
  '# TYPE n counter\nn{a="1"} 1\nn{a="2"} 2\nplain 7\n',
  '# TYPE n counter\nn{a="1"} 3\nn{a="new \\"x\\" \\\\ y"} 9\nn{a="2"} 2\nplain NaN\n',
  '# TYPE n gauge\nn{a="2"} +Inf\nplain -Inf\n',
  '',
  '# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 3\nh_sum 4.5\nh_count 3\nplain 7\n',
];

describe('scrapes put together again from the timeline', () => {
  it('are those that were seen, at every place of it', async () => {
    let text = '';
    const server = await startServer((_, response) => response.end(text));
    const clock = fakeClock(1_000);
    const events: TimelineEvent[] = [];
    const metrics = createMetricSampler({
      targets: [{ service: 'worker', url: server.url }],
      clock,
      onEvent: (event) => events.push(JSON.parse(JSON.stringify(event)) as TimelineEvent),
    });
    const seen: { length: number; history: Scrape[] }[] = [];
    for (text of TEXTS) {
      await clock.advance(100);
      await metrics.scrape('worker', never);
      events.push({ type: 'phase', atMs: 0, case: 'c', name: 'between' });
      seen.push({ length: events.length, history: metrics.history('worker', { fromMs: 1_250, toMs: 1_550 }) });
    }
    await server.close();
    const stored = storedObservations(events, { jsonLogs: [] });
    for (const { length, history } of seen) {
      expect(stored.metrics.history('worker', { fromMs: 1_250, toMs: 1_550 }, length)).toEqual(history);
    }
    const all = stored.metrics.history('worker', { fromMs: 0 }, events.length);
    expect(all).toEqual(metrics.history('worker', { fromMs: 0 }));
    expect(all[1]?.points).toBe(all[0]?.points);
    expect(stored.metrics.history('other', { fromMs: 0 }, 9)).toEqual([]);
  });
});

describe('lines of a run that is over', () => {
  it('are those that a store kept, and dropped, at every place of the timeline', () => {
    const limits = { maxLines: 4, maxBytes: 60 };
    const live = createLogStore({ isJson: () => true, ...limits });
    const stored = new StoredLogs(() => true, limits);
    const lines: LogLine[] = [
      '{"a":1}',
      'not json',
      `{"b":"${'x'.repeat(30)}"}`,
      'c',
      'd',
      'e',
      '{"f":2}',
      'y'.repeat(70),
    ].map((text, index) => ({ atMs: 10 * index, service: 'worker', stream: 'stdout', text }));
    for (const [index, line] of lines.entries()) {
      live.append(line);
      stored.add(line, 2 * index);
      for (const window of [{ fromMs: 0 }, { fromMs: 25 }, { fromMs: 10, toMs: 40 }]) {
        expect(stored.lines('worker', window, 2 * index + 1)).toEqual(live.lines('worker', window));
        expect(stored.dropped('worker', window, 2 * index + 1)).toBe(live.dropped('worker', window));
      }
    }
    expect(live.dropped('worker')).toBeGreaterThan(3);
    expect(stored.lines('worker', { fromMs: 0 }, 3)).toHaveLength(2);
    expect(stored.lines('other', { fromMs: 0 }, 3)).toEqual([]);
  });
});

describe('states of a service in a run that is over', () => {
  it('are those up to the place that is looked at', () => {
    const event = (atMs: number, state: string, more = {}) =>
      ({ type: 'service', atMs, service: 'worker', state, restarts: 0, ...more }) as TimelineEvent;
    const { services } = storedObservations(
      [
        event(100, 'starting'),
        event(201, 'ready', { sinceMs: 200, pid: 7 }),
        event(300, 'exited', { exitCode: 1, isDown: true }),
      ],
      { jsonLogs: [] },
    );
    expect(services.status('worker', 0)).toMatchObject({ state: 'waiting' });
    expect(services.status('worker', 2)).toMatchObject({ state: 'ready', sinceMs: 200, pid: 7 });
    const states = (fromMs: number, seen: number) =>
      services.history('worker', { fromMs }, seen).map(({ state }) => state);
    expect(states(250, 3)).toEqual(['ready', 'exited']);
    expect(states(0, 2)).toEqual(['starting', 'ready']);
    expect(services.history('worker', { fromMs: 0 }, 3).at(-1)).toMatchObject({ exitCode: 1, isDown: true });
    expect(services.names()).toEqual(['worker']);
  });
});
