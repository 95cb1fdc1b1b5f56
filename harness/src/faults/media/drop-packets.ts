// media.drop-packets: every n-th packet of the picture is lost. Proven by numbers that never come (RTSP) or by holes between frames.

import type { FaultKind, FaultPorts, StreamLook } from '../../model/faults.ts';
import { type MediaFaultInputs, mediaFaultSchemas } from '../../model/media-fault.ts';
import {
  askFor,
  describeAs,
  endFault,
  findPublished,
  type MediaRecord,
  provenByAbsence,
  READABLE_WITHIN_MS,
  readingOf,
  unreadable,
} from './media-target.ts';

type Input = MediaFaultInputs['media.drop-packets'];
type Record = MediaRecord & { every: number };

/** At 25 frames a second, and one packet a frame at least, so many packets are lost while it looks. */
const LOST_WHILE_LOOKING = 3;
const SLOWEST_FRAMES_PER_MS = 0.025;
const LEAST_LOSSES = 2;
/** A step of so many usual ones has a hole in it. */
const HOLE = 1.6;

export const dropPackets: FaultKind<Input, Record> = {
  key: 'media.drop-packets',
  summary: 'Every n-th packet of the picture of a stream is lost',
  schema: mediaFaultSchemas['media.drop-packets'],
  describe: describeAs('media.drop-packets'),
  prepare: async (input, ports, signal) => ({ ...(await findPublished(input, ports, signal)), every: input.every }),
  inject: (record, _ports, signal) => askFor(record, { kind: 'drop-packets', every: record.every }, signal),
  async prove(record, ports, signal) {
    const look = await read(record, ports, signal);
    const holds = look.missing + holes(look) >= LEAST_LOSSES;
    return unreadable(record, look) ?? { holds, by: readingOf(record), seen: words(look) };
  },
  provableWithinMs: ({ every }) => 10_000 + 2 * lookMs(every),
  revert: (record, _ports, signal) => endFault(record, signal),
  async proveReverted(record, ports, signal) {
    const gone = await provenByAbsence(record, signal);
    if (gone) return gone;
    const look = await read(record, ports, signal);
    const holds = look.missing + holes(look) === 0;
    return unreadable(record, look) ?? { holds, by: readingOf(record), seen: words(look) };
  },
  revertedWithinMs: ({ every }) => 10_000 + 3 * lookMs(every),
};

const lookMs = (every: number): number => 500 + (every * LOST_WHILE_LOOKING) / SLOWEST_FRAMES_PER_MS;

function read({ url, every }: Record, { streams }: FaultPorts, signal: AbortSignal): Promise<StreamLook> {
  return streams.look(url, { forMs: lookMs(every), withinMs: READABLE_WITHIN_MS }, signal);
}

/** Steps between pictures that are longer than the usual one. */
function holes({ packets }: StreamLook): number {
  const times = packets
    .filter(({ kind, ptsMs }) => kind === 'video' && !Number.isNaN(ptsMs))
    .map(({ ptsMs }) => ptsMs)
    .sort((a, b) => a - b); // pictures that are reordered are no holes
  const steps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 4)] ?? 0;
  return steps.filter((step) => step > HOLE * usual).length;
}

function words(look: StreamLook): string {
  const pictures = look.packets.filter(({ kind }) => kind === 'video').length;
  return `${pictures} packets of picture, ${look.missing} missing by their numbers, ${holes(look)} holes between frames`;
}
