// network.bandwidth: no more than so many bits a second. Proven by a rate that stays below it while more is waiting to be sent on.

import type { FaultKind, OpenBytes } from '../../model/faults.ts';
import { describeBitrate, describeTarget, type LinkFaultInputs, linkFaultSchemas } from '../../model/network-fault.ts';
import { type BrokenLink, backlog, prepareLinks } from './broken-link.ts';
import { readCounters, type Stream } from './counters.ts';
import { type CurvePoint, lagsOf } from './curves.ts';
import { contradicted, type Finding, type LinkFindings, proveOnLinks, shown, silent } from './findings.ts';
import { lookAtLink } from './look-at-link.ts';
import { proveReleased } from './prove-links-free.ts';
import { addToxics, removeToxics, type ToxicRecord } from './toxic-record.ts';

interface BandwidthRecord extends ToxicRecord {
  kilobytesPerSecond: number;
}

/** How long a look lasts, of it at least how long a stretch with something waiting, for the slices in which a proxy sends to even out. */
interface Pace {
  lookMs: number;
  stretchMs: number;
  sliceMs: number;
}
/** Testcard's own proxy. */
const OWN: Pace = { lookMs: 700, stretchMs: 400, sliceMs: 20 };
/** Toxiproxy 2.12's `bandwidth`. */
const TOXIPROXY: Pace = { lookMs: 1_500, stretchMs: 1_000, sliceMs: 100 };
/** A piece that a limit would delay by less than this cannot tell whether there is one. */
const TELLING_MS = 20;
const OVER_RATIO = 1.2;

export const bandwidthFault: FaultKind<LinkFaultInputs['network.bandwidth'], BandwidthRecord> = {
  key: 'network.bandwidth',
  summary: 'Let no more than so many bits a second through',
  schema: linkFaultSchemas['network.bandwidth'],
  describe: (input) => `limit ${describeTarget(input)} to ${describeBitrate(input.bitsPerSecond)}`,
  async prepare(input, ports, signal) {
    const rate = Math.max(1, Math.round(input.bitsPerSecond / 8_000));
    const prepared = await prepareLinks(input, ports, signal);
    return { ...prepared, kilobytesPerSecond: rate, type: 'bandwidth', attributes: { rate } };
  },
  inject: (record, _ports, signal) => addToxics(record, signal),
  prove: (record, { clock, links }, signal) =>
    proveOnLinks(record, 'the rate of sent bytes', async (link) => {
      // No question of Testcard's own is large enough to feel a limit: only real traffic can show it.
      const { connections } = await readCounters(link, signal);
      if (connections !== undefined) {
        const look = await lookAtLink(link, { streams: [], forMs: OWN.lookMs, clock, signal });
        return judgeBandwidth(look.points, link, record.kilobytesPerSecond);
      }
      const here = links.between(link.client, link.server, link.serverPort).find(({ name }) => name === link.name);
      if (!here?.watchOpenBytes) {
        const why =
          'this proxy counts the bytes of a connection when it ends, and open ones cannot be told from those of another link';
        return { link: silent(why, why) };
      }
      const points = pointsOf(await here.watchOpenBytes(TOXIPROXY.lookMs, signal));
      // What is open has lost nothing yet.
      const whole = { ...link, behind: { upstream: 0, downstream: 0 } };
      return judgeBandwidth(points, whole, record.kilobytesPerSecond, TOXIPROXY);
    }),
  // Pipelines send in bursts, a segment at a time; tools beside a container have to be started first.
  provableWithinMs: () => 10_000,
  revert: (record, _ports, signal) => removeToxics(record, signal),
  proveReverted: (record, { clock }, signal) =>
    proveReleased(record, 'the rate of sent bytes', signal, async (link) => {
      const look = await lookAtLink(link, { streams: [], forMs: OWN.lookMs, clock, signal });
      const findings = link.used.map((stream): [Stream, Finding] => [
        stream,
        judgeFree(look.points, stream, link.behind[stream], record.kilobytesPerSecond),
      ]);
      const canTell = look.isLive && findings.some(([, { state }]) => state !== 'silent');
      return canTell ? Object.fromEntries(findings) : 'no traffic that would feel the limit';
    }),
};

/** Exported for its unit test. */
export function judgeBandwidth(
  points: readonly CurvePoint[],
  link: Pick<BrokenLink, 'used' | 'behind'>,
  kilobytesPerSecond: number,
  pace: Pace = OWN,
): LinkFindings {
  return Object.fromEntries(
    link.used.map((stream): [Stream, Finding] => [
      stream,
      judgeRate(points, stream, link.behind[stream], kilobytesPerSecond, pace),
    ]),
  );
}

const pointsOf = (looks: readonly OpenBytes[]): CurvePoint[] =>
  looks.map(({ atMs, ...counters }) => ({ fromMs: atMs, toMs: atMs, counters }));

function judgeRate(points: readonly CurvePoint[], stream: Stream, behind: number, limit: number, pace: Pace): Finding {
  // The last stretch in which something was waiting at every sample.
  const lastFree = points.findLastIndex(({ counters }) => backlog(counters, stream) <= behind);
  const [first, last] = [points[lastFree + 1], points.at(-1)];
  const stretchMs = first && last ? last.fromMs - first.toMs : 0;
  if (!first || !last || stretchMs < pace.stretchMs) {
    const passed = (points.at(-1)?.counters[stream].sentBytes ?? 0) - (points[0]?.counters[stream].sentBytes ?? 0);
    return silent(passed === 0 ? 'nothing moved' : 'all that came was sent on: it is less than the limit');
  }
  const sentBytes = last.counters[stream].sentBytes - first.counters[stream].sentBytes;
  const rate = sentBytes / stretchMs; // bytes a millisecond are kilobytes a second
  const waiting = backlog(last.counters, stream) - behind;
  const seen = `${describeBitrate(rate * 8_000)} with ${waiting} bytes waiting`;
  if (sentBytes === 0) return silent(`nothing was sent on, with ${waiting} bytes waiting`);
  // Each connection has the limit for itself. One slice more may fall into the stretch than belongs there.
  const most = limit * Math.max(1, last.counters.connections ?? 1) * (OVER_RATIO + pace.sliceMs / stretchMs);
  return rate <= most ? shown(seen) : contradicted(seen);
}

/** More passes than the limit allows, or a piece goes on at once that would have taken its time under it. */
function judgeFree(points: readonly CurvePoint[], stream: Stream, behind: number, limit: number): Finding {
  const limited = judgeRate(points, stream, behind, limit, OWN);
  if (limited.state === 'shown') return contradicted(limited.seen);
  const [first, last] = [points[0], points.at(-1)];
  const lookedForMs = first && last ? last.toMs - first.fromMs : 0;
  const rate = first && last ? (last.counters[stream].sentBytes - first.counters[stream].sentBytes) / lookedForMs : 0;
  if (rate > limit * OVER_RATIO) return shown(describeBitrate(rate * 8_000));
  for (const { bytes, minMs, maxMs } of lagsOf(points, stream, behind)) {
    const limitedMs = bytes / limit;
    if (limitedMs < TELLING_MS) continue;
    if (minMs > limitedMs / 2) return contradicted(`${bytes} bytes took ${minMs.toFixed(0)} ms or more`);
    if (maxMs !== undefined && maxMs < limitedMs / 2) return shown(`${bytes} bytes within ${maxMs.toFixed(0)} ms`);
  }
  return silent('too little came to tell');
}
