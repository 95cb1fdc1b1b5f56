// A fault that is one toxic in each direction that is meant: how it is put on its links, and taken off.

import type { BrokenLink, LinkRecord } from './broken-link.ts';
import { addToxic, removeToxic, type ToxicOrder } from './toxiproxy.ts';

export interface ToxicRecord extends LinkRecord {
  type: ToxicOrder['type'];
  attributes: Record<string, number>;
}

export async function addToxics(record: ToxicRecord, signal: AbortSignal): Promise<void> {
  await Promise.all(ordersOf(record).map(({ link, order }) => addToxic(link, order, signal)));
}

/** All that there are: those that are gone already are no error. */
export async function removeToxics(record: ToxicRecord, signal: AbortSignal): Promise<void> {
  const results = await Promise.allSettled(ordersOf(record).map(({ link, order }) => removeToxic(link, order, signal)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Of the names of its toxics. */
export const toxicPrefix = ({ id }: Pick<LinkRecord, 'id'>): string => `testcard-${id}-`;

function ordersOf({ id, type, attributes, links }: ToxicRecord): { link: BrokenLink; order: ToxicOrder }[] {
  return links.flatMap((link) =>
    link.streams.map((stream) => ({
      link,
      order: { name: `${toxicPrefix({ id })}${stream}`, type, stream, attributes },
    })),
  );
}
