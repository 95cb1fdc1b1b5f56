// Samples the metrics of services at a steady pace, keeps their history, and notes what changed on the timeline.

import type { Clock } from '../base/clock.ts';
import { TestcardError } from '../model/errors.ts';
import type { MetricsRecord, OddNumber } from '../model/looks.ts';
import { formatSeries } from '../model/metrics/index.ts';
import type { Exposition, MetricPoint, MetricsPort, Scrape } from '../model/ports.ts';
import type { TimelineEvent } from '../model/timeline.ts';
import { type FetchResult, keepConnections } from './fetch-text.ts';
import { createMetricsParser } from './parse-metrics.ts';
import { type HistoryLimits, type ScrapeChange, ScrapeHistory } from './scrape-history.ts';

export interface MetricSamplerOptions {
  /** `url` as this process reaches it. */
  targets: { service: string; url: string }[];
  clock: Clock;
  onEvent: (event: TimelineEvent) => void;
  /** Time from the start of one scrape to the start of the next. Default 250 ms. */
  everyMs?: number;
  /** Longest that one scrape may take. Default 2 s. */
  timeoutMs?: number;
  limits?: Partial<HistoryLimits>;
}

export interface MetricSampler extends MetricsPort {
  start(): void;
  /** No scrape begins after this; one in flight is given up. The history stays. */
  stop(): void;
}

interface Target {
  service: string;
  url: string;
  history: ScrapeHistory;
  parse: (text: string) => MetricPoint[];
  problem: string | undefined;
  /** A scrape of the steady pace has not settled. */
  isSampling: boolean;
  /** An instant has passed in the meantime. */
  isDue: boolean;
  /** Settles when the scrape in flight has; scrapes of one service never overlap, so their history is in order. */
  busy: Promise<unknown>;
}

export function createMetricSampler(options: MetricSamplerOptions): MetricSampler {
  const { clock, onEvent, everyMs = 250, timeoutMs = 2_000 } = options;
  const targets = new Map<string, Target>(
    options.targets.map(({ service, url }) => [
      service,
      {
        service,
        url,
        history: new ScrapeHistory(options.limits),
        parse: createMetricsParser(),
        problem: undefined,
        isSampling: false,
        isDue: false,
        busy: Promise.resolve(),
      },
    ]),
  );
  let running: AbortController | undefined;
  // Asked four times a second, a service is spared a connection each time, as Prometheus spares it.
  const connections = keepConnections();

  const fetchNow = async (
    target: Target,
    signal: AbortSignal,
  ): Promise<{ exposition?: Exposition; scrape?: Scrape }> => {
    const answer = await connections.get({ url: target.url, timeoutMs }, signal);
    // The answer's arrival: what it tells had happened by then.
    const atMs = clock.nowMs();
    const exposition = answer.ok
      ? { atMs, status: answer.status, contentType: answer.headers['content-type'], text: answer.body }
      : undefined;
    const points = readAnswer(answer, target.parse);
    if (typeof points === 'string') {
      target.problem = points;
      return exposition === undefined ? {} : { exposition };
    }
    target.problem = undefined;
    const { scrape, ...change } = target.history.add({ atMs, points });
    // Also when nothing changed: that it did not is something that was seen.
    onEvent({ type: 'metrics', atMs: scrape.atMs, service: target.service, ...recordOf(change) });
    return { scrape, ...(exposition === undefined ? {} : { exposition }) };
  };

  const fetchInTurn = (target: Target, signal: AbortSignal) => {
    const turn = target.busy.then(() => fetchNow(target, signal));
    target.busy = turn.catch(() => {}); // the caller of that one heard of it
    return turn;
  };

  const sampleNow = (target: Target, signal: AbortSignal) => {
    target.isSampling = true;
    fetchInTurn(target, signal)
      .catch(() => {}) // aborted; what is wrong with an answer is kept as lastProblem
      .finally(() => {
        target.isSampling = false;
        if (!target.isDue || signal.aborted) return;
        target.isDue = false;
        sampleNow(target, signal);
      });
  };

  // All services at the same instants: their values belong together, and the process wakes up once for all of them.
  const sampleAll = async (signal: AbortSignal) => {
    const beganAt = clock.monotonicMs();
    for (let instant = beganAt; !signal.aborted; ) {
      for (const target of targets.values()) {
        // One that takes too long is followed by the next at once; the instants stay where they are.
        if (target.isSampling) target.isDue = true;
        else sampleNow(target, signal);
      }
      const now = clock.monotonicMs();
      instant = Math.max(instant + everyMs, beganAt + Math.floor((now - beganAt) / everyMs) * everyMs);
      await clock.delay(Math.max(0, instant - now), signal).catch(() => {});
    }
  };

  return {
    start() {
      if (running !== undefined) return;
      running = new AbortController();
      for (const target of targets.values()) Object.assign(target, { isSampling: false, isDue: false });
      void sampleAll(running.signal);
    },
    stop() {
      running?.abort();
      running = undefined;
      connections.close();
    },
    services: () => [...targets.keys()],
    lastProblem: (service) => targets.get(service)?.problem,
    history(service, window) {
      const history = targets.get(service)?.history;
      if (history?.isIncomplete(window)) {
        throw new TestcardError('LIMIT_EXCEEDED', `the metrics of ${service} no longer reach back to when this began`, {
          hint: 'a shorter case, or fewer series, fits the sampler’s memory',
        });
      }
      return history?.within(window) ?? [];
    },
    async scrape(service, signal) {
      const target = targetOf(service);
      const { scrape } = await fetchInTurn(target, signal);
      if (scrape === undefined) throw unreadable(target);
      return scrape;
    },
    async exposition(service, signal) {
      const target = targetOf(service);
      const { exposition } = await fetchInTurn(target, signal);
      if (exposition === undefined) throw unreadable(target);
      return exposition;
    },
  };

  function targetOf(service: string): Target {
    const target = targets.get(service);
    if (target !== undefined) return target;
    const known = [...targets.keys()];
    throw new TestcardError('METRICS_UNREADABLE', `${service} has no metrics address`, {
      hint: `${known.length > 0 ? `services that have one: ${known.join(', ')}; ` : ''}give it x-testcard.metrics in the Compose file`,
    });
  }
}

function unreadable({ service, url, problem }: Target): TestcardError {
  return new TestcardError('METRICS_UNREADABLE', `metrics of ${service} (${url}): ${problem ?? 'not read'}`);
}

/** The points of an answer, or why there are none. */
function readAnswer(answer: FetchResult, parse: Target['parse']): MetricPoint[] | string {
  if (!answer.ok) return answer.reason;
  if (answer.status !== 200) return `HTTP status ${answer.status}`;
  try {
    return parse(answer.body);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return `not Prometheus text: ${message.length > 200 ? `${message.slice(0, 199)}…` : message}`;
  }
}

function recordOf({ changed, placed, gone }: ScrapeChange): MetricsRecord {
  const named = changed.map((point) => [formatSeries(point), point.value] as const);
  // JSON has no NaN and no infinity.
  const odd = named.filter(([, value]) => !Number.isFinite(value));
  return {
    values: Object.fromEntries(named.filter(([, value]) => Number.isFinite(value))),
    ...(odd.length > 0
      ? { odd: Object.fromEntries(odd.map(([series, value]) => [series, `${value}` as OddNumber])) }
      : {}),
    ...(placed.length > 0
      ? { placed: Object.fromEntries(placed.map(({ series, index, type }) => [series, [index, type]])) }
      : {}),
    ...(gone.length > 0 ? { gone } : {}),
  };
}
