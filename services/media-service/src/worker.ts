// The worker's life: wait for a source, dub it, wait for the next, until it is stopped or cannot go on.

import { BREAKER_STATE_VALUES, CircuitBreaker } from './circuit-breaker.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { WorkerFailure } from './exit-codes.ts';
import { requireFfmpeg } from './ffmpeg-process.ts';
import type { Log } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { waitForSource } from './source-watch.ts';
import { StreamSession } from './stream-session.ts';

export interface WorkerOptions {
  config: Config;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export interface Worker {
  /** Rejects with a `WorkerFailure` when the worker cannot go on; resolves after `stop`. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export function startWorker(options: WorkerOptions): Worker {
  const { clock, config, metrics } = options;
  const log = options.log.child({ streamId: config.streamId });
  const stopping = new AbortController();
  const sessions = new Set<StreamSession>();
  const breaker = new CircuitBreaker({
    failureThreshold: config.breakerFailures,
    cooldownMs: config.breakerCooldownMs,
    clock,
    onTransition: ({ state, trigger, failureCount }) => {
      metrics.breakerState.set(BREAKER_STATE_VALUES[state]);
      const message = state === 'open' ? 'opened' : state;
      log[state === 'open' ? 'warn' : 'info'](
        { state, trigger, failure_count: failureCount },
        `circuit breaker ${message}`,
      );
    },
  });
  let fail: (failure: unknown) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });

  async function run(): Promise<void> {
    requireFfmpeg();
    let outputFree: Promise<void> = Promise.resolve();
    let stsFree: Promise<void> = Promise.resolve();
    while (!stopping.signal.aborted) {
      const ingest = await waitForSource({
        url: config.rtspUrl,
        retryLimit: config.sourceRetryLimit,
        stallTimeoutMs: config.sourceStallTimeoutMs,
        clock,
        log,
        signal: stopping.signal,
      });
      if (!ingest) return;
      const session = new StreamSession({
        ...{ config, clock, log, metrics, breaker, ingest, outputFree, stsFree },
        onFailure: fail,
      });
      sessions.add(session);
      stsFree = session.stsReleased;
      outputFree = session.closed.finally(() => sessions.delete(session));
      outputFree.catch((error: unknown) => fail(error));
      await session.sourceEnded;
    }
  }

  async function stop(): Promise<void> {
    stopping.abort();
    breaker.close();
    await Promise.all([...sessions].map((session) => session.stop()));
  }

  const ended = Promise.race([run(), failed]).catch(async (error: unknown) => {
    stopping.abort();
    breaker.close();
    for (const session of sessions) session.kill();
    throw error instanceof WorkerFailure ? error : new WorkerFailure('internal', messageOf(error));
  });
  return { ended, stop };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
