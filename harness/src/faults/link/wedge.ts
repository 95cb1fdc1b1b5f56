// network.wedge: bytes are swallowed and connections stay. Proven by bytes that the proxy receives and does not send on, or by a question
// that nobody answers although the server answers it without the proxy.

import type { FaultKind } from '../../model/faults.ts';
import { describeTarget, type LinkFaultInputs, linkFaultSchemas } from '../../model/network-fault.ts';
import { type BrokenLink, prepareLinks } from './broken-link.ts';
import type { Stream } from './counters.ts';
import { type CurvePoint, hasArrivals } from './curves.ts';
import { contradicted, type Finding, type LinkFindings, proveOnLinks, shown, silent } from './findings.ts';
import { type Look, lookAtLink } from './look-at-link.ts';
import { proveLinksFree } from './prove-links-free.ts';
import { addToxics, removeToxics, type ToxicRecord } from './toxic-record.ts';

const LOOK_MS = 700;
/** Bytes that are not sent on for this long are not merely on their way. */
const SWALLOWED_MS = 150;

export const wedgeFault: FaultKind<LinkFaultInputs['network.wedge'], ToxicRecord> = {
  key: 'network.wedge',
  summary: 'Swallow all bytes of a link without a word; its connections stay',
  schema: linkFaultSchemas['network.wedge'],
  describe: (input) => `wedge ${describeTarget(input)}`,
  prepare: async (input, ports, signal) => ({
    ...(await prepareLinks(input, ports, signal)),
    type: 'timeout',
    attributes: { timeout: 0 },
  }),
  inject: (record, _ports, signal) => addToxics(record, signal),
  prove: (record, { clock }, signal) =>
    proveOnLinks(record, 'received and sent bytes', async (link) => {
      const look = await lookAtLink(link, {
        ...{ streams: link.used, forMs: LOOK_MS, clock, signal },
        isEnough: (points) =>
          link.used.some((stream) => hasSent(points, stream)) ||
          link.used.every((stream) => swallowedForMs(points, stream) >= SWALLOWED_MS) ||
          // The other direction may well be silent because this one is wedged.
          link.used.some((stream) => swallowedForMs(points, stream) >= 2 * SWALLOWED_MS),
      });
      return judgeWedge(look, link);
    }),
  provableWithinMs: () => 4_000,
  revert: (record, _ports, signal) => removeToxics(record, signal),
  proveReverted: (record, { clock }, signal) =>
    proveLinksFree(record, { atMostMs: 100, hasLostBytes: true, clock, signal }),
};

/** Exported for its unit test. */
export function judgeWedge(look: Look, link: BrokenLink): LinkFindings {
  const { points, probe } = look;
  if (probe?.end !== undefined)
    return { link: contradicted(`a connection of Testcard’s own was closed (${probe.end})`) };
  if (!look.isLive) return { link: judgeAnswer(look) };
  if (!probe && points.some(({ counters }) => counters.connections === 0)) {
    return { link: contradicted('no connection stayed open') };
  }
  return Object.fromEntries(
    link.used.map((stream): [Stream, Finding] => {
      if (hasSent(points, stream)) return [stream, contradicted('bytes are sent on')];
      if (!hasArrivals(points, stream)) return [stream, silent('nothing came in')];
      const ms = swallowedForMs(points, stream);
      if (ms < SWALLOWED_MS) return [stream, silent(`bytes came in only ${ms.toFixed(0)} ms ago`)];
      return [stream, shown(`bytes came in and none was sent on for ${ms.toFixed(0)} ms`)];
    }),
  );
}

const hasSent = (points: readonly CurvePoint[], stream: Stream): boolean =>
  (points.at(-1)?.counters[stream].sentBytes ?? 0) > (points[0]?.counters[stream].sentBytes ?? 0);

/** How long ago the first bytes of the look came in; 0 when none did. */
function swallowedForMs(points: readonly CurvePoint[], stream: Stream): number {
  const before = points[0]?.counters[stream].receivedBytes ?? 0;
  const first = points.find(({ counters }) => counters[stream].receivedBytes > before);
  return first ? (points.at(-1)?.fromMs ?? 0) - first.toMs : 0;
}

function judgeAnswer({ probe }: Look): Finding {
  if (!probe?.opener) return silent('the server answers nothing that can be asked');
  const { connected, answeredMs, waitedMs, opener } = probe;
  if (!connected) return contradicted('a connection of Testcard’s own did not open');
  if (answeredMs !== undefined) return contradicted(`an answer came after ${answeredMs.toFixed(0)} ms`);
  const directly = `directly it takes ${opener.directMs.toFixed(0)} ms`;
  if (waitedMs < SWALLOWED_MS + 5 * opener.directMs)
    return silent(`no answer for ${waitedMs.toFixed(0)} ms; ${directly}`);
  return shown(`the connection stays and no answer comes for ${waitedMs.toFixed(0)} ms; ${directly}`);
}
