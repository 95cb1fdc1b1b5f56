// media.disconnect: the publisher's connection is closed. Proven by a reader that gets nothing, or another publication from its start.

import type { FaultKind } from '../../model/faults.ts';
import { type MediaTarget, mediaFaultSchemas } from '../../model/media-fault.ts';
import { askFor, describeAs, findPublished, type MediaRecord, publisherNow, readingOf } from './media-target.ts';

/** A stream that is still there gives its first packet far sooner. */
const SILENT_MS = 1_000;

export const disconnect: FaultKind<MediaTarget, MediaRecord> = {
  key: 'media.disconnect',
  summary: 'The connection of a publisher is closed, once',
  schema: mediaFaultSchemas['media.disconnect'],
  describe: describeAs('media.disconnect'),
  prepare: findPublished,
  inject: (record, _ports, signal) => askFor(record, { kind: 'disconnect' }, signal),
  async prove(record, { streams }, signal) {
    const now = await publisherNow(record, signal);
    const by = `${readingOf(record)}, and who publishes on ${record.path}`;
    if (now === 'same') return { holds: false, by, seen: 'the same publisher is still there' };
    if (now === 'another') return { holds: true, by, seen: 'another publication has taken its place' };
    const { packets, problem } = await streams.look(record.url, { forMs: 100, withinMs: SILENT_MS }, signal);
    if (packets.length === 0) return { holds: true, by, seen: `nobody, and ${problem ?? 'no packet'}` };
    // Nobody a moment ago and packets now: it is back already, as another publication, or it never left.
    const after = await publisherNow(record, signal);
    return { holds: after === 'another', by, seen: after === 'another' ? 'another publication' : 'packets still come' };
  },
  provableWithinMs: () => 10_000,
};
