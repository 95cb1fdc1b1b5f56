// Publishes a fixture with FFmpeg: tries until the server takes it, then goes on in the background until the fixture ends.

import { access } from 'node:fs/promises';
import { type Clock, systemClock } from '../../base/clock.ts';
import { formatDurationMs } from '../../base/duration.ts';
import { poll } from '../../base/poll.ts';
import { TestcardError } from '../../model/errors.ts';
import type { Activity } from '../../model/ports.ts';
import { awaitPort, endpointOf } from '../ffmpeg/await-port.ts';
import type { ToolResult } from '../ffmpeg/run-tool.ts';
import {
  type PublishAttempt,
  type PublishFacts,
  type PublishOptions,
  type PublishRequest,
  publishOnce,
} from './publish-once.ts';

export interface Publisher extends Activity {
  kind: 'publisher';
  /** As of now; final once `ended` has settled. */
  facts(): Readonly<PublishFacts>;
}

/** A publication that ends so much before the fixture does has broken off. */
const EARLY_END_MS = 500;

/**
 * Resolves when the server has taken the first frame. Throws PUBLISH_FAILED (not accepted in time, with the last reason),
 * FIXTURE_INVALID (no such file) and FFMPEG_MISSING.
 */
export async function startPublisher(request: PublishRequest, options: PublishOptions): Promise<Publisher> {
  const { clock = systemClock, signal, connectWithinMs = 10_000 } = options;
  const { name, path, url, shownAs = url } = request;
  const endpoint = endpointOf(url);
  if (endpoint === undefined || !/^(rtmp|rtsp):/.test(url)) {
    throw new TestcardError('PUBLISH_FAILED', `cannot publish to ${shownAs}: not an rtsp:// or rtmp:// address`);
  }
  await access(path).catch((cause: unknown) => {
    throw new TestcardError('FIXTURE_INVALID', `fixture file ${path} cannot be read`, { cause });
  });
  let lastReason = 'it took the connection but not the stream';
  const outcome = await poll<PublishAttempt>(
    async (bound) => {
      const attempt = await attemptOnce(request, options, clock, bound, (reason) => {
        lastReason = reason;
      });
      if (attempt) return { done: true, value: attempt };
      // Only now look whether anybody listens: a server that takes a single connection must not spend it on a look.
      if (/refused/i.test(lastReason)) await awaitPort(endpoint, { withinMs: connectWithinMs, clock, signal: bound });
      return { done: false, last: lastReason };
    },
    { withinMs: connectWithinMs, clock, signal, everyMs: 20, maxEveryMs: 50 },
  );
  if (!outcome.ok) {
    throw new TestcardError(
      'PUBLISH_FAILED',
      `${shownAs} did not accept ${name} within ${formatDurationMs(connectWithinMs)}: ${lastReason}`,
      { detail: { url, attempts: outcome.attempts, lastReason } },
    );
  }
  return activityOf(request, outcome.value);
}

/** Undefined when the server did not take the stream; then `onReason` has heard why. */
async function attemptOnce(
  request: PublishRequest,
  options: PublishOptions,
  clock: Clock,
  bound: AbortSignal,
  onReason: (reason: string) => void,
): Promise<PublishAttempt | undefined> {
  const attempt = await publishOnce(request, options, clock, bound);
  if ('problem' in attempt) {
    onReason(attempt.problem);
    return undefined;
  }
  const giveUp = () => void attempt.process.stop(0);
  bound.addEventListener('abort', giveUp, { once: true });
  const outcome = await Promise.race([attempt.flowing, attempt.ended]);
  bound.removeEventListener('abort', giveUp);
  if (outcome === 'flowing') return attempt;
  // Ended by our own deadline, it has nothing to tell; what was seen before stands.
  if (outcome.ending === 'exited' || outcome.ending === 'stalled') onReason(outcome.reason);
  return undefined;
}

function activityOf(request: PublishRequest, { process, facts, ended }: PublishAttempt): Publisher {
  const { name, durationMs, startAtMs = 0, loop } = request;
  const dueMs = durationMs - startAtMs;
  const judged = ended.then((result) => {
    const problem = problemOf(result, loop ? Number.POSITIVE_INFINITY : dueMs, facts.publishedMs);
    if (problem !== undefined) {
      throw new TestcardError(
        'PUBLISH_FAILED',
        `publishing ${name} to ${request.shownAs ?? request.url} broke off: ${problem}`,
        {
          detail: { ...facts, log: result.logTail },
        },
      );
    }
  });
  judged.catch(() => {}); // whoever finishes or stops it looks; nobody has to
  return {
    kind: 'publisher',
    name,
    url: request.shownAs ?? request.url,
    ended: judged,
    async stop() {
      await process.stop();
    },
    progress() {
      const seconds = (facts.publishedMs / 1_000).toFixed(1);
      if (loop) return `${seconds} s published, round ${facts.joins + 1}`;
      return `${seconds} s of ${Number((dueMs / 1_000).toFixed(1))} s published`;
    },
    facts: () => facts,
  };
}

/** Counts decide, not the exit code: FFmpeg also exits 0 when it has sent only part. */
function problemOf(result: ToolResult, dueMs: number, publishedMs: number): string | undefined {
  if (result.ending === 'stopped' || result.ending === 'aborted') return undefined;
  const at = `after ${(publishedMs / 1_000).toFixed(1)} s`;
  if (result.ending === 'stalled') return `${at}, ${result.reason}`;
  if (result.exitCode !== 0) return `${at}, ${result.reason}`;
  if (publishedMs < dueMs - EARLY_END_MS) {
    return Number.isFinite(dueMs) ? `${at} of ${(dueMs / 1_000).toFixed(1)} s` : at;
  }
  return undefined;
}
