// What was seen in each direction of each link, put together into one proof.

import type { Proof } from '../../model/faults.ts';
import type { BrokenLink, LinkRecord } from './broken-link.ts';
import type { Stream } from './counters.ts';

/** `silent`: nothing moved there, so nothing could be seen. */
export interface Finding {
  state: 'shown' | 'contradicted' | 'silent';
  seen: string;
  hopeless?: string | undefined;
}

export const shown = (seen: string): Finding => ({ state: 'shown', seen });
export const contradicted = (seen: string): Finding => ({ state: 'contradicted', seen });
export const silent = (seen: string, hopeless?: string): Finding => ({ state: 'silent', seen, hopeless });

const WORDS: Record<Stream, string> = { upstream: 'to the server', downstream: 'to the client' };

/** A finding for each direction, or one for the link as a whole. */
export type LinkFindings = Partial<Record<Stream | 'link', Finding>>;

/**
 * Looks at all links that carried bytes, side by side. It holds when each of them shows it in some direction, and none contradicts it in
 * any: a direction in which nothing moves says nothing.
 */
export async function proveOnLinks(
  { links }: LinkRecord,
  by: string,
  look: (link: BrokenLink) => Promise<LinkFindings>,
): Promise<Proof> {
  const used = links.filter(({ used }) => used.length > 0);
  const results = await Promise.all(used.map(async (link) => ({ link, findings: Object.entries(await look(link)) })));
  const holds = results.every(
    ({ findings }) =>
      findings.some(([, { state }]) => state === 'shown') &&
      findings.every(([, { state }]) => state !== 'contradicted'),
  );
  const words = results.map(({ link, findings }) => {
    const each = findings.map(([where, { seen }]) => (where === 'link' ? seen : `${WORDS[where as Stream]} ${seen}`));
    return `${used.length > 1 ? `${link.name}: ` : ''}${each.join(', ')}`;
  });
  const hopeless = results.flatMap(({ findings }) => findings.flatMap(([, finding]) => finding.hopeless ?? []))[0];
  return {
    holds,
    by: `${by} of ${used.map(({ name }) => name).join(', ')}`,
    seen: words.join('; '),
    ...(holds || hopeless === undefined ? {} : { hopeless }),
    detail: Object.fromEntries(results.map(({ link, findings }) => [link.name, Object.fromEntries(findings)])),
  };
}
