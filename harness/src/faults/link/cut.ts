// network.cut: connections are reset and new ones refused. Proven by a connection of Testcard's own that is refused.

import { TestcardError } from '../../model/errors.ts';
import type { FaultKind, FaultPorts } from '../../model/faults.ts';
import { describeTarget, type LinkFaultInputs, linkFaultSchemas } from '../../model/network-fault.ts';
import { type BrokenLink, type LinkRecord, prepareLinks } from './broken-link.ts';
import { readCounters } from './counters.ts';
import { contradicted, type Finding, proveOnLinks, shown } from './findings.ts';
import { openConnection, within } from './own-connection.ts';
import { isEnabled, setEnabled } from './toxiproxy.ts';

const CONNECT_WITHIN_MS = 1_000;
/** A connection that is not ended by then has reached somebody. */
const STAYS_MS = 40;

export const cutFault: FaultKind<LinkFaultInputs['network.cut'], LinkRecord> = {
  key: 'network.cut',
  summary: 'Reset the connections of a link and refuse new ones',
  schema: linkFaultSchemas['network.cut'],
  describe: (input) => `cut ${describeTarget(input)}`,
  async prepare(input, ports, signal) {
    const found = ports.links.between(...input.between, input.port);
    const [record] = await Promise.all([
      prepareLinks(input, ports, signal),
      ...found.map(async (link) => {
        if (await isEnabled({ name: link.name, api: link.proxy.api, proxy: link.proxy.name }, signal)) return;
        throw new TestcardError('FAULT_UNPROVEN', `${link.name} is cut already: there is nothing to break`, {
          hint: 'let the first cut end before the next',
        });
      }),
    ]);
    return record;
  },
  async inject({ links }, _ports, signal) {
    await Promise.all(links.map((link) => setEnabled(link, false, signal)));
  },
  prove: (record, ports, signal) =>
    proveOnLinks(record, 'a connection of Testcard’s own to the client’s end', async (link) => {
      const tried = await tryLink(link, ports, signal);
      if (!(await isRefused(tried, link, ports, signal))) return { link: contradicted(tried.seen) };
      const { connections = 0 } = await readCounters(link, signal);
      return { link: connections > 0 ? contradicted(`refused, but ${connections} are still open`) : shown('refused') };
    }),
  async revert({ links }, _ports, signal) {
    await Promise.all(links.map((link) => setEnabled(link, true, signal)));
  },
  proveReverted: (record, ports, signal) =>
    proveOnLinks(
      record,
      'a connection of Testcard’s own to the client’s end',
      async (link): Promise<{ link: Finding }> => {
        const tried = await tryLink(link, ports, signal);
        if (tried.how === 'open') return { link: shown(tried.seen) };
        if (await isRefused(tried, link, ports, signal)) return { link: contradicted(tried.seen) };
        // Let in and closed at once: so it would be with a server that is not there, and then the link is as good as it can be.
        const direct = await tryConnection(link.upstream, ports, signal);
        const seen = `${tried.seen}; directly: ${direct.seen}`;
        return { link: direct.how === 'open' ? contradicted(seen) : shown(seen) };
      },
    ),
};

type Tried = { how: string; seen: string };

const tryLink = (link: BrokenLink, ports: FaultPorts, signal: AbortSignal) => tryConnection(link.listen, ports, signal);

/** Behind a forwarder a refused connection is one that is closed at once; so is one to a server that is not there, which is told apart by asking it directly. */
async function isRefused(tried: Tried, link: BrokenLink, ports: FaultPorts, signal: AbortSignal): Promise<boolean> {
  if (tried.how === 'ECONNREFUSED') return true;
  if (!link.isForwarded || tried.how === 'open' || tried.how === 'ETIMEDOUT') return false;
  return (await tryConnection(link.upstream, ports, signal)).how === 'open';
}

/** `open` when it is still open after a moment, how it ended otherwise. */
export async function tryConnection(
  to: BrokenLink['listen'],
  { clock }: Pick<FaultPorts, 'clock'>,
  signal: AbortSignal,
): Promise<Tried> {
  const startedAtMs = clock.monotonicMs();
  const connection = openConnection(to, clock);
  try {
    if (!(await within(connection.opened, CONNECT_WITHIN_MS, clock, signal))) {
      return { how: 'ETIMEDOUT', seen: `no connection within ${CONNECT_WITHIN_MS} ms` };
    }
    const tookMs = clock.monotonicMs() - startedAtMs;
    if (connection.isOpen) await within(connection.ended, STAYS_MS, clock, signal);
    const how = connection.end?.how;
    if (how === undefined) return { how: 'open', seen: `connected after ${tookMs.toFixed(0)} ms` };
    if (how === 'ECONNREFUSED') return { how, seen: 'refused' };
    return { how, seen: how === 'end' ? 'closed at once' : `ended at once (${how})` };
  } finally {
    connection.destroy();
  }
}
