// network.latency: every byte arrives later. Proven by the lag between what the proxy receives and what it sends on, or by how much
// longer an answer takes than without the proxy.

import { formatDurationMs } from '../../base/duration.ts';
import type { FaultKind } from '../../model/faults.ts';
import { describeTarget, type LinkFaultInputs, linkFaultSchemas } from '../../model/network-fault.ts';
import { type BrokenLink, prepareLinks } from './broken-link.ts';
import { lagsOf } from './curves.ts';
import { contradicted, type Finding, type LinkFindings, proveOnLinks, shown, silent } from './findings.ts';
import { type Look, lookAtLink } from './look-at-link.ts';
import { proveLinksFree } from './prove-links-free.ts';
import { addToxics, removeToxics, type ToxicRecord } from './toxic-record.ts';

interface LatencyRecord extends ToxicRecord {
  latencyMs: number;
  jitterMs: number;
}

/** What a busy machine adds. */
const SPARE_MS = 50;
const SPARE_RATIO = 0.25;
/** Timers and samples are this exact. */
const EARLY_MS = 5;

export const latencyFault: FaultKind<LinkFaultInputs['network.latency'], LatencyRecord> = {
  key: 'network.latency',
  summary: 'Let every byte arrive later, by a fixed time with jitter',
  schema: linkFaultSchemas['network.latency'],
  describe: (input) =>
    `delay ${describeTarget(input)} by ${formatDurationMs(input.latencyMs)}${input.jitterMs > 0 ? ` ± ${formatDurationMs(input.jitterMs)}` : ''}`,
  async prepare(input, ports, signal) {
    const latencyMs = Math.round(input.latencyMs);
    const jitterMs = Math.round(input.jitterMs);
    const prepared = await prepareLinks(input, ports, signal);
    return { ...prepared, latencyMs, jitterMs, type: 'latency', attributes: { latency: latencyMs, jitter: jitterMs } };
  },
  inject: (record, _ports, signal) => addToxics(record, signal),
  prove: (record, { clock }, signal) =>
    proveOnLinks(record, 'the lag between received and sent bytes', async (link) => {
      const { latencyMs, jitterMs } = record;
      const look = await lookAtLink(link, {
        streams: link.used,
        forMs: (latencyMs + jitterMs) * link.streams.length * (1 + SPARE_RATIO) + 400,
        isEnough: (points) =>
          link.used.every((stream) =>
            lagsOf(points, stream, link.behind[stream]).some(({ maxMs }) => maxMs !== undefined),
          ),
        ...{ clock, signal },
      });
      return judgeLatency(look, link, record);
    }),
  provableWithinMs: ({ latencyMs, jitterMs }) => 3_000 + 6 * (latencyMs + jitterMs),
  revert: (record, _ports, signal) => removeToxics(record, signal),
  proveReverted: (record, { clock }, signal) =>
    proveLinksFree(record, { atMostMs: Math.max(12, record.latencyMs / 2), clock, signal }),
};

/** Exported for its unit test. */
export function judgeLatency(
  look: Look,
  link: BrokenLink,
  { latencyMs, jitterMs }: Pick<LatencyRecord, 'latencyMs' | 'jitterMs'>,
): LinkFindings {
  if (!look.isLive) return { link: judgeAnswer(look, link.streams.length, latencyMs, jitterMs) };
  return Object.fromEntries(
    link.used.map((stream) => {
      const lags = lagsOf(look.points, stream, link.behind[stream]);
      const settled = lags.flatMap(({ minMs, maxMs }) => (maxMs === undefined ? [] : [{ minMs, maxMs }]));
      if (lags.length === 0) return [stream, silent('nothing moved')];
      const fastest = Math.min(...settled.map(({ maxMs }) => maxMs));
      if (fastest < latencyMs - jitterMs - EARLY_MS)
        return [stream, contradicted(`after at most ${fastest.toFixed(0)} ms`)];
      const most = (latencyMs + jitterMs) * (1 + SPARE_RATIO) + SPARE_MS;
      const slow = lags.find(({ minMs }) => minMs > most);
      if (slow) return [stream, contradicted(`after ${slow.minMs.toFixed(0)} ms or more`)];
      // Jitter may let single bytes through at once: what shows the delay is one that was clearly late.
      const least = Math.max(latencyMs - jitterMs - EARLY_MS, latencyMs / 2);
      const fitting = settled.find(({ minMs, maxMs }) => maxMs >= least && minMs >= least / 2);
      if (!fitting) return [stream, silent(`of ${lags.length} arrivals none was late enough to tell`)];
      return [stream, shown(`after ${fitting.minMs.toFixed(0)} to ${fitting.maxMs.toFixed(0)} ms`)];
    }),
  );
}

/** For proxies whose counters tell nothing of open connections: how much longer an answer takes. */
function judgeAnswer({ probe }: Look, directions: number, latencyMs: number, jitterMs: number): Finding {
  if (probe?.opener === undefined) return silent('the server answers nothing that can be asked');
  const { answeredMs, waitedMs, opener } = probe;
  if (answeredMs === undefined) return silent(`no answer within ${waitedMs.toFixed(0)} ms`);
  const laterMs = answeredMs - opener.directMs;
  const seen = `an answer came ${laterMs.toFixed(0)} ms later than without the proxy`;
  const least = directions * Math.max(latencyMs - jitterMs, latencyMs / 2) - EARLY_MS;
  const most = directions * (latencyMs + jitterMs) * (1 + SPARE_RATIO) + 2 * SPARE_MS;
  return laterMs >= least && laterMs <= most ? shown(seen) : contradicted(seen);
}
