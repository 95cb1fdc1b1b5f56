// media.drop-audio: no sound comes any more, as if the source sent none. Proven by what a reader gets.

import type { FaultKind, FaultPorts, StreamLook } from '../../model/faults.ts';
import { type MediaTarget, mediaFaultSchemas } from '../../model/media-fault.ts';
import {
  askFor,
  describeAs,
  endFault,
  findPublished,
  type MediaRecord,
  newestMs,
  provenByAbsence,
  READABLE_WITHIN_MS,
  readingOf,
  seconds,
  unreadable,
} from './media-target.ts';

const LOOK_MS = 900;
/** Publishers collect sound for up to 0.2 s into a packet. */
const SILENT_MS = 500;

export const dropAudio: FaultKind<MediaTarget, MediaRecord> = {
  key: 'media.drop-audio',
  summary: 'A stream goes on without its sound',
  schema: mediaFaultSchemas['media.drop-audio'],
  describe: describeAs('media.drop-audio'),
  prepare: findPublished,
  inject: (record, _ports, signal) => askFor(record, { kind: 'drop-audio' }, signal),
  async prove(record, ports, signal) {
    const look = await read(record, ports, signal);
    const nothing = unreadable(record, look);
    if (nothing) return nothing;
    const by = readingOf(record);
    if (!look.tracks.includes('audio')) {
      return { holds: false, by, seen: 'a stream without a sound track', hopeless: 'there is no sound to drop' };
    }
    return { holds: silentForMs(look) >= SILENT_MS, by, seen: words(look) };
  },
  provableWithinMs: () => 10_000,
  revert: (record, _ports, signal) => endFault(record, signal),
  async proveReverted(record, ports, signal) {
    const gone = await provenByAbsence(record, signal);
    if (gone) return gone;
    const look = await read(record, ports, signal);
    return (
      unreadable(record, look) ?? { holds: silentForMs(look) < SILENT_MS, by: readingOf(record), seen: words(look) }
    );
  },
  revertedWithinMs: () => 10_000,
};

function read({ url }: MediaRecord, { streams }: FaultPorts, signal: AbortSignal): Promise<StreamLook> {
  return streams.look(url, { forMs: LOOK_MS, withinMs: READABLE_WITHIN_MS }, signal);
}

/** How far the picture has gone on since the last sound, of as much as was seen. Sound from before the fault is kept for late readers. */
function silentForMs(look: StreamLook): number {
  const pictures = look.packets.filter(({ kind, ptsMs }) => kind === 'video' && !Number.isNaN(ptsMs));
  const [first] = pictures;
  const last = newestMs(look, 'video');
  if (first === undefined || last === undefined) return 0;
  return last - Math.max(first.ptsMs, newestMs(look, 'audio') ?? Number.NEGATIVE_INFINITY);
}

function words(look: StreamLook): string {
  const sound = look.packets.filter(({ kind }) => kind === 'audio').length;
  const pictures = look.packets.length - sound;
  return `${pictures} packets of picture and ${sound} of sound, none of sound in the last ${seconds(silentForMs(look))}`;
}
