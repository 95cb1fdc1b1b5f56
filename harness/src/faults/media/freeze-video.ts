// media.freeze-video: frames go on, each the same picture, as of a camera that hangs. Proven by decoding them.

import type { FaultKind, Proof } from '../../model/faults.ts';
import { type MediaTarget, mediaFaultSchemas } from '../../model/media-fault.ts';
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

/** Longer than any frame is shown on purpose, so that a still picture is no slow one. */
const LOOK_MS = 700;
const LEAST_PICTURES = 5;

export const freezeVideo: FaultKind<MediaTarget, MediaRecord> = {
  key: 'media.freeze-video',
  summary: 'Frames of a stream go on, each the same picture',
  schema: mediaFaultSchemas['media.freeze-video'],
  describe: describeAs('media.freeze-video'),
  prepare: findPublished,
  inject: (record, _ports, signal) => askFor(record, { kind: 'freeze-video' }, signal),
  async prove(record, ports, signal) {
    const { proof, distinct, pictures } = await lookAtPictures(record, ports, signal);
    return proof ?? { holds: pictures >= LEAST_PICTURES && distinct === 1, ...words(record, pictures, distinct) };
  },
  provableWithinMs: () => 10_000,
  revert: (record, _ports, signal) => endFault(record, signal),
  async proveReverted(record, ports, signal) {
    const gone = await provenByAbsence(record, signal);
    if (gone) return gone;
    const { proof, distinct, pictures } = await lookAtPictures(record, ports, signal);
    // Nearly every picture is a new one; at the moment of thawing some may still be the old one.
    return proof ?? { holds: distinct > pictures / 2, ...words(record, pictures, distinct) };
  },
  // It moves again from the next keyframe on.
  revertedWithinMs: () => 15_000,
};

async function lookAtPictures(
  record: MediaRecord,
  { streams }: Parameters<typeof findPublished>[1],
  signal: AbortSignal,
): Promise<{ proof?: Proof | undefined; distinct: number; pictures: number }> {
  const look = await streams.look(record.url, { forMs: LOOK_MS, withinMs: READABLE_WITHIN_MS, pictures: true }, signal);
  const { pictures = [] } = look;
  return { proof: unreadable(record, look), distinct: new Set(pictures).size, pictures: pictures.length };
}

const words = (record: MediaRecord, pictures: number, distinct: number) => ({
  by: readingOf(record),
  seen: `${distinct} different of ${pictures} pictures`,
  detail: { pictures, distinct },
});
