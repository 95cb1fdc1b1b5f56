// media.delay-audio: the sound is late against the picture. Timestamps cannot show that, so it is proven by the flashes and beeps of the
// test card in the stream.

import type { FaultKind, FaultPorts, Proof } from '../../model/faults.ts';
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
} from './media-target.ts';

type Input = MediaFaultInputs['media.delay-audio'];
type Record = MediaRecord & { delayMs: number };

/** Two flashes with their beeps, and some time for joining. */
const LOOK_MS = 2_400;

export const delayAudio: FaultKind<Input, Record> = {
  key: 'media.delay-audio',
  summary: 'The sound of a stream is late against its picture by so many ms',
  schema: mediaFaultSchemas['media.delay-audio'],
  describe: describeAs('media.delay-audio'),
  prepare: async (input, ports, signal) => ({
    ...(await findPublished(input, ports, signal)),
    delayMs: input.delayMs,
  }),
  inject: (record, _ports, signal) => askFor(record, { kind: 'delay-audio', delayMs: record.delayMs }, signal),
  prove: (record, ports, signal) => listen(record, ports, signal, (offsetMs) => isLate(record, offsetMs)),
  provableWithinMs: ({ delayMs }) => 15_000 + 2 * delayMs,
  revert: (record, _ports, signal) => endFault(record, signal),
  async proveReverted(record, ports, signal) {
    const gone = await provenByAbsence(record, signal);
    return gone ?? listen(record, ports, signal, (offsetMs) => Math.abs(offsetMs) < record.delayMs / 2);
  },
  revertedWithinMs: ({ delayMs }) => 15_000 + 2 * delayMs,
};

/** A source may be a little off by itself. */
const isLate = ({ delayMs }: Record, offsetMs: number): boolean =>
  Math.abs(offsetMs - delayMs) <= Math.min(20, delayMs / 2);

async function listen(
  record: Record,
  { streams }: FaultPorts,
  signal: AbortSignal,
  holds: (offsetMs: number) => boolean,
): Promise<Proof> {
  const by = `flashes and beeps on ${readingOf(record)}`;
  const forMs = LOOK_MS + record.delayMs;
  const found = await streams.soundOffset(record.url, { forMs, withinMs: READABLE_WITHIN_MS }, signal);
  if ('unmeasured' in found) return { holds: false, by, seen: found.unmeasured };
  const { pairs, medianMs } = found;
  return {
    holds: holds(medianMs),
    by,
    seen: `the sound is ${medianMs.toFixed(1)} ms late in ${pairs} ${pairs === 1 ? 'pair' : 'pairs'}`,
    detail: found,
  };
}
