// One look at what a link does: the bytes of real traffic as its proxy counts them, and, where nothing moves, a question that Testcard
// asks over a connection of its own.

import type { Clock } from '../../base/clock.ts';
import type { BrokenLink } from './broken-link.ts';
import type { Stream } from './counters.ts';
import { type CurvePoint, hasArrivals, watchCurves } from './curves.ts';
import { findOpener, HTTP_OPENER, type Opener } from './openers.ts';
import { type ConnectionEnd, openConnection, within } from './own-connection.ts';

/** A question asked through the proxy. */
export interface Probe {
  /** Undefined when the server answers nothing that Testcard can ask, also not directly. */
  opener: Opener | undefined;
  connected: boolean;
  /** Undefined: no answer while the look lasted. */
  answeredMs: number | undefined;
  waitedMs: number;
  /** Undefined: the connection stayed. */
  end: ConnectionEnd | undefined;
}

export interface Look {
  points: CurvePoint[];
  /** Counters count as bytes pass, so that the curves show what open connections carry. */
  isLive: boolean;
  probe: Probe | undefined;
}

export interface LookOptions {
  /** Directions in which something should move; the question is asked when one of them is silent. */
  streams: readonly Stream[];
  forMs: number;
  clock: Clock;
  signal: AbortSignal;
  isEnough?: (points: CurvePoint[]) => boolean;
}

/** Real traffic that comes within this time makes a question superfluous. */
const SILENCE_MS = 50;

export async function lookAtLink(link: BrokenLink, options: LookOptions): Promise<Look> {
  const { streams, forMs, clock, signal, isEnough = () => false } = options;
  const startedAtMs = clock.monotonicMs();
  let asking: Promise<Probe> | undefined;
  let probe: Probe | undefined;
  const { promise: seenEnough, resolve: stopAsking } = Promise.withResolvers<void>();
  const points = await watchCurves(link, {
    ...{ forMs, clock, signal },
    isEnough(sofar) {
      const isSilent = !isLive(sofar) || streams.some((stream) => !hasArrivals(sofar, stream));
      if (!asking && isSilent && clock.monotonicMs() - startedAtMs >= SILENCE_MS) {
        asking = ask(link, startedAtMs + forMs, seenEnough, clock, signal);
        void asking.then(
          (result) => {
            probe = result;
          },
          () => {},
        );
      }
      // Without live counters there is only the answer to wait for.
      return isLive(sofar) ? isEnough(sofar) : probe?.answeredMs !== undefined || probe?.end !== undefined;
    },
  });
  stopAsking();
  return { points, isLive: isLive(points), probe: probe ?? (await asking) };
}

const isLive = (points: readonly CurvePoint[]): boolean => points[0]?.counters.connections !== undefined;

/** Waits for an answer, at most until `untilMs` or until the look has `seenEnough` elsewhere. */
async function ask(
  link: BrokenLink,
  untilMs: number,
  seenEnough: Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Probe> {
  const opener = await findOpener(link, clock, signal);
  const connection = openConnection(link.listen, clock);
  const leftMs = () => Math.max(1, untilMs - clock.monotonicMs());
  try {
    await within(Promise.race([connection.opened, seenEnough]), leftMs(), clock, signal);
    const connected = connection.isOpen;
    const askedAtMs = clock.monotonicMs();
    connection.send(opener?.bytes ?? HTTP_OPENER);
    await within(Promise.race([connection.answered, connection.ended, seenEnough]), leftMs(), clock, signal);
    const { answeredAtMs, end } = connection;
    return {
      opener,
      connected,
      answeredMs: answeredAtMs === undefined ? undefined : answeredAtMs - askedAtMs,
      waitedMs: clock.monotonicMs() - askedAtMs,
      end: end?.how,
    };
  } finally {
    connection.destroy();
  }
}
