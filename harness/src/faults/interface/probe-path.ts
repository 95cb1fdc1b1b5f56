// Sends packets of Testcard's own from one service's network namespace to another's, and says how each arrived.

import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { poll } from '../../base/poll.ts';
import type { ContainerControl } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';
import type { Impairment } from '../../model/impairment.ts';
import { BACKLOG_MS, burstBytes, HOLD_MS } from './plan-impairment.ts';
import { type ProbeSettings, probeProgram } from './probe-program.ts';
import type { Way } from './traffic-filter.ts';

/** From a service to a peer, or back. */
export interface ProbePath {
  way: Way;
  from: { service: string; ipv4: string };
  to: { service: string; ipv4: string };
}

/** Number of a packet and how long it took, µs, in the order of arrival; of the train the instant instead, µs. */
export interface Arrivals {
  sent: number;
  paced: [number: number, tookUs: number][];
  train: { sent: number; bytes: number; sentWithinUs: number; arrived: [number: number, atUs: number][] };
}

/** Nothing listens there by custom (discard); with the wrong checksum it would not matter. */
const OTHER_PORT = 9;
const PACED_BYTES = 64;
/** An absent effect of a share p then shows as nothing at all of 15 expected: e⁻¹⁵ when it is there. */
const WANTED_HITS = 15;
const LEAST_PACKETS = 200;
const MOST_PACKETS = 3_000;
/** Of a limited rate, so that packets that are counted are not those that did not fit. */
const SHARE_OF_RATE = 0.2;
/** A low rate lets no more packets through in bearable time. */
const LONGEST_MS = 30_000;
const TRAIN_MS = 300;
const LEAST_TRAIN = 20;
/** Below so many bits a second, so many bytes each. */
const TRAIN_BYTES = [
  [1_000_000, 250],
  [10_000_000, 1_000],
] as const;
/** What a busy machine may take. */
const SPARE_MS = 300;
const STARTS_WITHIN_MS = 10_000;

type Effects = Omit<Impairment, 'service'>;

/** How many packets show the effects that are asked for, and how long they take. */
export function probeSize({ loss, duplicate, reorder, latencyMs = 0, jitterMs = 0, bitsPerSecond }: Effects) {
  const shares = [loss, duplicate, reorder].filter((share) => share !== undefined);
  const wanted = Math.ceil(WANTED_HITS / Math.min(1, ...shares));
  const paced = Math.min(MOST_PACKETS, Math.max(shares.length > 0 ? LEAST_PACKETS : 100, wanted));
  const quick = paced > 1_000 ? 1_000 : 2_000;
  const fitting = bitsPerSecond === undefined ? 0 : ((PACED_BYTES + 14) * 8e6) / (bitsPerSecond * SHARE_OF_RATE);
  const everyUs = Math.ceil(Math.max(quick, fitting));
  const countable = Math.min(paced, Math.ceil((LONGEST_MS * 1_000) / everyUs));
  // Small ones for low rates, so that there are enough; large ones for high rates, so that the program is not what is slow.
  const trainBytes = TRAIN_BYTES.find(([below]) => (bitsPerSecond ?? 0) < below)?.[1] ?? 1_400;
  const trainLength = (rate: number) =>
    Math.max(LEAST_TRAIN, Math.ceil((burstBytes(rate) + (rate / 8_000) * TRAIN_MS) / trainBytes));
  const lateMs = latencyMs + jitterMs + HOLD_MS + (bitsPerSecond === undefined ? 0 : BACKLOG_MS) + SPARE_MS;
  return {
    ...{ paced: countable, pacedBytes: PACED_BYTES, everyUs, trainBytes },
    train: bitsPerSecond === undefined ? 0 : trainLength(bitsPerSecond),
    restMs: bitsPerSecond === undefined ? 0 : latencyMs + jitterMs + HOLD_MS,
    lingerMs: lateMs,
  };
}

/** Longest time that one run may take, ms. */
export function probeTakesMs(effects: Effects): number {
  const { paced, everyUs, restMs, lingerMs } = probeSize(effects);
  return (paced * everyUs) / 1_000 + restMs + 2 * lingerMs + 1_500;
}

/** Throws STEP_INCONCLUSIVE when the tools did not do their work. */
export async function probePath(
  containers: ContainerControl,
  { from, to }: ProbePath,
  effects: Effects,
  clock: Clock,
  signal: AbortSignal,
): Promise<Arrivals> {
  const { protocol = 'udp', port } = effects;
  const size = probeSize(effects);
  const withinMs = probeTakesMs(effects);
  const settings: Omit<ProbeSettings, 'role'> = {
    ...{ token: randomBytes(8).toString('hex'), protocol, from: from.ipv4, to: to.ipv4, ...size },
    ports:
      port === undefined
        ? [[OTHER_PORT, OTHER_PORT]]
        : [
            [port, OTHER_PORT],
            [OTHER_PORT, port],
          ],
    deadlineMs: withinMs,
  };
  const argv = (role: ProbeSettings['role']) => ['python3', '-c', probeProgram, JSON.stringify({ ...settings, role })];
  const receiver = await containers.netStart(to.service, argv('receive'), signal);
  try {
    const sender = await containers.netExec(from.service, argv('send'), signal);
    const sent = readJson<{ refused: number; refusal: string; trainUs: number }>(sender.stdout);
    if (!sent) throw broken(from.service, sender.stderr);
    if (sent.refused > 0) throw broken(from.service, `${sent.refused} packets could not be sent: ${sent.refusal}`);
    const found = await poll(
      () => {
        const value = readJson<{ paced: Arrivals['paced']; train: [number, number][] }>(receiver.output());
        return value ? { done: true, value } : { done: false };
      },
      { withinMs: withinMs + STARTS_WITHIN_MS, clock, signal },
    );
    if (!found.ok) throw broken(to.service, 'the receiver said nothing');
    const { paced, train } = found.value;
    const { train: trainSent, trainBytes } = size;
    return {
      ...{ sent: size.paced, paced },
      train: { sent: trainSent, bytes: trainBytes, sentWithinUs: sent.trainUs, arrived: train },
    };
  } finally {
    await receiver.stop();
  }
}

/** The last line that is JSON. */
function readJson<T>(text: string): T | undefined {
  const line = text
    .split('\n')
    .filter((each) => each.startsWith('{') && each.endsWith('}'))
    .at(-1);
  return line === undefined ? undefined : (JSON.parse(line) as T);
}

const broken = (service: string, reason: string) =>
  new TestcardError(
    'STEP_INCONCLUSIVE',
    `packets could not be probed at ${service}: ${reason.trim().split('\n').at(-1) || 'no answer'}`,
    { hint: 'the tools image needs python3, and raw sockets need NET_RAW' },
  );
