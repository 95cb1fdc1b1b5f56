// Waits until there is a source, and hands over an ingest that is already receiving it.

import { type Clock, pause, settledWithin } from './clock.ts';
import { WorkerFailure } from './exit-codes.ts';
import { Ingest } from './ingest.ts';
import type { Log } from './logging.ts';
import { describeSource, findUnsupported } from './rtsp-probe.ts';

export interface SourceWatchOptions {
  url: string;
  retryLimit: number | 'unlimited';
  stallTimeoutMs: number;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
}

const FIRST_RETRY_MS = 1000;
/** Between the log lines of a source that may be waited for without limit. */
const MAX_RETRY_MS = 30_000;
/** Between questions within one try, so that a source is picked up as soon as it is there. */
const PROBE_INTERVAL_MS = 50;
/**
 * A publisher sends at once what fell due while it was connecting. A server that tells a track's time by when its packets come has that time
 * wrong until this is over, and readers keep what they were told until the next RTCP report, ten seconds later.
 */
const SETTLING_MS = 120;
/** After a stream that is there but gives nothing: starting ffmpeg is not cheap. */
const START_PAUSE_MS = 500;
/** From "the stream is there" to its first frame. */
const START_TIMEOUT_MS = 5000;

/**
 * The retry rule: one try, then `retryLimit` more after 1, 2, 4, … s. Between tries the server is asked continuously anyway.
 * Rejects with a `WorkerFailure` when the tries are used up, or when the stream that is there cannot be dubbed; resolves to
 * undefined when `signal` aborts.
 */
export async function waitForSource(options: SourceWatchOptions): Promise<Ingest | undefined> {
  const { clock, log, signal, url } = options;
  const schedule = new RetrySchedule(options.retryLimit, clock.now());
  let standby: Ingest | undefined;
  const dropStandby = (): void => {
    standby?.kill();
    standby = undefined;
  };
  const ensureStandby = (): Ingest => {
    if (!standby) {
      const started = new Ingest({ url, stallTimeoutMs: options.stallTimeoutMs });
      standby = started;
      void started.ended.then(() => {
        if (standby === started) standby = undefined;
      });
    }
    return standby;
  };
  const watching = new AbortController();
  const either = AbortSignal.any([signal, watching.signal]);
  let exhausted = '';
  let lastWhy = 'not asked yet';
  let isNew = false;
  const scheduler = runSchedule(schedule, clock, either, (attempt) => {
    if (attempt === 'exhausted') {
      exhausted = lastWhy;
      watching.abort();
    } else {
      log.info({ attempt, reason: lastWhy }, 'source not there yet');
    }
  });
  try {
    while (!either.aborted) {
      // A relay that holds its answer would hold ffmpeg's too: one that already waits gets the very first frame.
      const probe = await describeSource(url, { signal: either, onHeld: ensureStandby });
      if (either.aborted) break;
      if (probe.kind === 'present') {
        const unsupported = probe.sdp === undefined ? undefined : findUnsupported(probe.sdp);
        if (unsupported !== undefined)
          throw new WorkerFailure('source-unsupported', unsupported, { url: safeUrl(url) });
        if (isNew && standby === undefined) await pause(clock, SETTLING_MS, either);
        isNew = false;
        if (either.aborted) break;
        const ingest = ensureStandby();
        if (await hasStarted(ingest, clock)) {
          standby = undefined;
          return ingest;
        }
        lastWhy = await whyNothing(ingest);
        dropStandby();
        await pause(clock, START_PAUSE_MS, either);
      } else {
        lastWhy = probe.why;
        isNew = true;
      }
      await pause(clock, PROBE_INTERVAL_MS, either);
    }
  } finally {
    watching.abort();
    dropStandby();
    await scheduler;
  }
  if (signal.aborted) return undefined;
  throw new WorkerFailure('source-unavailable', 'source not available, giving up', {
    url: safeUrl(url),
    reason: exhausted,
  });
}

async function hasStarted(ingest: Ingest, clock: Clock): Promise<boolean> {
  await settledWithin(clock, Promise.race([ingest.started, ingest.ended]), START_TIMEOUT_MS);
  return ingest.hasStarted;
}

async function whyNothing(ingest: Ingest): Promise<string> {
  ingest.kill();
  const { lastLine } = await ingest.ended;
  return lastLine === '' ? 'the stream is there but sends nothing' : lastLine;
}

async function runSchedule(
  schedule: RetrySchedule,
  clock: Clock,
  signal: AbortSignal,
  onDue: (attempt: number | 'exhausted') => void,
): Promise<void> {
  while (!signal.aborted) {
    await pause(clock, schedule.nextAt - clock.now(), signal);
    if (!signal.aborted) onDue(schedule.advance());
  }
}

/** When a try that found nothing is written off: 1, 2, 4 … s after the one before. */
export class RetrySchedule {
  readonly #limit: number | 'unlimited';
  #attempt = 0;
  #nextAt: number;

  constructor(limit: number | 'unlimited', startedAt: number) {
    this.#limit = limit;
    this.#nextAt = limit === 0 ? startedAt + PROBE_INTERVAL_MS : startedAt + FIRST_RETRY_MS;
  }

  get nextAt(): number {
    return this.#nextAt;
  }

  /** The number of the retry that is due now, or that the last one has had its chance. */
  advance(): number | 'exhausted' {
    if (this.#limit !== 'unlimited' && this.#attempt >= this.#limit) return 'exhausted';
    this.#attempt += 1;
    const last = this.#attempt === this.#limit;
    // The last retry gets as long as one question takes.
    this.#nextAt += last ? 2 * PROBE_INTERVAL_MS : Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempt);
    return this.#attempt;
  }
}

/** Without credentials. */
function safeUrl(url: string): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}
