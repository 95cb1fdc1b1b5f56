// That a link is whole again: bytes that come in are sent on at once, or an answer comes as fast as without the proxy.

import type { Clock } from '../../base/clock.ts';
import type { Proof } from '../../model/faults.ts';
import { type BrokenLink, backlog, type LinkRecord } from './broken-link.ts';
import type { Stream } from './counters.ts';
import { type CurvePoint, lagsOf } from './curves.ts';
import { contradicted, type Finding, type LinkFindings, proveOnLinks, shown, silent } from './findings.ts';
import { type Look, lookAtLink } from './look-at-link.ts';
import { toxicPrefix } from './toxic-record.ts';
import { toxicNames } from './toxiproxy.ts';

export interface FreeOptions {
  /** Longest time that bytes may take through the proxy. */
  atMostMs: number;
  /** Bytes were swallowed while it was broken: what lags now is counted from what lagged when the look began. */
  hasLostBytes?: boolean;
  clock: Clock;
  signal: AbortSignal;
}

const LOOK_MS = 500;
/** What an own connection, its answer and a busy machine add. */
const ANSWER_SPARE_MS = 50;

export function proveLinksFree(record: LinkRecord, options: FreeOptions): Promise<Proof> {
  return proveReleased(record, 'the lag between received and sent bytes', options.signal, async (link) => {
    const look = await lookAtLink(link, {
      ...{ streams: link.used, forMs: LOOK_MS, clock: options.clock, signal: options.signal },
      isEnough: (points) =>
        link.used.every((stream) =>
          lagsOf(points, stream, behindIn(points, stream, link, options)).some(({ maxMs }) => maxMs !== undefined),
        ),
    });
    const findings = look.isLive ? judgeCurves(look, link, options) : { link: judgeAnswer(look) };
    const canTell = look.probe?.opener !== undefined || Object.values(findings).some(({ state }) => state !== 'silent');
    return canTell || !look.probe ? findings : 'nothing moves, and the server answers nothing, also not directly';
  });
}

/**
 * The effect is over on all links, as `look` sees it. Where it says instead why no effect could be seen there (or another fault would hide
 * it), what is left is what the proxy says of itself: that nothing of this fault is on the link.
 */
export function proveReleased(
  record: LinkRecord,
  by: string,
  signal: AbortSignal,
  look: (link: BrokenLink) => Promise<LinkFindings | string>,
): Promise<Proof> {
  return proveOnLinks(record, by, async (link) => {
    const toxics = await toxicNames(link, signal);
    const own = toxics.filter((name) => name.startsWith(toxicPrefix(record)));
    const findings = own.length < toxics.length ? 'another fault is on the link' : await look(link);
    if (typeof findings !== 'string') return findings;
    if (own.length > 0) return { link: contradicted(`the proxy still has ${own.join(', ')}`) };
    return { link: shown(`${findings}; the proxy has nothing of this one left`) };
  });
}

function judgeCurves({ points }: Look, link: BrokenLink, options: FreeOptions): LinkFindings {
  return Object.fromEntries(
    link.used.map((stream): [Stream, Finding] => {
      const lags = lagsOf(points, stream, behindIn(points, stream, link, options));
      if (lags.length === 0) return [stream, silent('nothing moved')];
      const slow = lags.find(({ minMs }) => minMs > options.atMostMs);
      if (slow) return [stream, contradicted(`after ${slow.minMs.toFixed(0)} ms or more`)];
      const fast = lags.find(({ maxMs }) => maxMs !== undefined && maxMs <= options.atMostMs);
      if (!fast) return [stream, silent('too coarse to tell')];
      return [stream, shown(`within ${fast.maxMs?.toFixed(0)} ms`)];
    }),
  );
}

function behindIn(
  points: readonly CurvePoint[],
  stream: Stream,
  link: BrokenLink,
  { hasLostBytes }: FreeOptions,
): number {
  const first = points[0];
  return hasLostBytes && first ? backlog(first.counters, stream) : link.behind[stream];
}

function judgeAnswer({ probe }: Look): Finding {
  if (!probe?.opener) return silent('the server answers nothing that can be asked');
  const { answeredMs, waitedMs, opener } = probe;
  if (answeredMs === undefined) return contradicted(`no answer within ${waitedMs.toFixed(0)} ms`);
  const laterMs = answeredMs - opener.directMs;
  const seen = `an answer came ${laterMs.toFixed(0)} ms later than without the proxy`;
  return laterMs <= ANSWER_SPARE_MS ? shown(seen) : contradicted(seen);
}
