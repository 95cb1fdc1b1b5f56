// network.reset: connections are reset, once. It is over as soon as it has happened, so the toxic is put on and taken off in one go, with
// an own connection opened before that must see the reset.

import { TestcardError } from '../../model/errors.ts';
import type { FaultKind } from '../../model/faults.ts';
import { describeTarget, type LinkFaultInputs, linkFaultSchemas } from '../../model/network-fault.ts';
import { type BrokenLink, type LinkRecord, prepareLinks } from './broken-link.ts';
import { readCounters } from './counters.ts';
import { tryConnection } from './cut.ts';
import { contradicted, proveOnLinks, shown } from './findings.ts';
import { HTTP_OPENER } from './openers.ts';
import { type OwnConnection, openConnection, within } from './own-connection.ts';
import { addToxics, removeToxics, type ToxicRecord } from './toxic-record.ts';
import { setEnabled } from './toxiproxy.ts';

const OPEN_WITHIN_MS = 1_000;
const RESET_WITHIN_MS = 500;
const RESET_CODES = ['ECONNRESET', 'EPIPE'];

interface Outcome {
  /** How the own connection ended. */
  end: string | undefined;
  /** Open connections before, the own one included, and after. */
  connections: number | undefined;
  left: number | undefined;
}

/** What injecting saw on each link, by the record's id: it is over when the proof looks. */
const outcomes = new Map<string, Map<string, Outcome>>();
const KEPT_OUTCOMES = 20;

export const resetFault: FaultKind<LinkFaultInputs['network.reset'], LinkRecord> = {
  key: 'network.reset',
  summary: 'Reset the connections of a link once; new ones are as before',
  schema: linkFaultSchemas['network.reset'],
  describe: (input) => `reset ${describeTarget(input)}`,
  prepare: (input, ports, signal) => prepareLinks(input, ports, signal),
  async inject(record, { clock }, signal) {
    const toxics: ToxicRecord = { ...record, type: 'reset_peer', attributes: { timeout: 0 } };
    const seen = new Map<string, Outcome>();
    const own = new Map<BrokenLink, OwnConnection>();
    outcomes.set(record.id, seen);
    for (const id of [...outcomes.keys()].slice(0, -KEPT_OUTCOMES)) outcomes.delete(id);
    try {
      for (const link of record.links) own.set(link, openConnection(link.listen, clock));
      await Promise.all([...own.values()].map(({ opened }) => within(opened, OPEN_WITHIN_MS, clock, signal)));
      const before = await Promise.all(record.links.map((link) => readCounters(link, signal)));
      await addToxics(toxics, signal);
      await Promise.all(
        record.links.map(async (link, index) => {
          const connections = before[index]?.connections;
          if (connections === undefined) await resetThoseToCome(link, clock, signal, own);
          const connection = own.get(link);
          if (connection) await within(connection.ended, RESET_WITHIN_MS, clock, signal);
          // While the toxic is on, nobody can have come back.
          const { connections: left } = await readCounters(link, signal);
          seen.set(link.name, { end: connection?.end?.how, connections, left });
        }),
      );
    } finally {
      for (const connection of own.values()) connection.destroy();
      // Also when the case was ended in between: nobody else would take them off.
      await removeToxics(toxics, new AbortController().signal);
    }
  },
  prove: (record, ports, signal) =>
    proveOnLinks(record, 'connections of Testcard’s own to the client’s end', async (link) => {
      const outcome = outcomes.get(record.id)?.get(link.name);
      if (!outcome) {
        throw new TestcardError(
          'STEP_INCONCLUSIVE',
          `what the reset of ${link.name} did was seen by another process only`,
        );
      }
      const { end, connections, left = 0 } = outcome;
      const over = (seen: string) => ({ link: { ...contradicted(seen), hopeless: 'a reset is over at once' } });
      if (end === undefined) return over('one from before stays open');
      if (!RESET_CODES.includes(end)) return over(`one from before ended otherwise (${end})`);
      if (left > 0)
        return over(`one from before was reset (${end}), but ${left} of the ${connections} that were open stayed`);
      const next = await tryConnection(link.listen, ports, signal);
      if (next.how !== 'open')
        return { link: contradicted(`one from before was reset (${end}), the next: ${next.seen}`) };
      const others = connections === undefined ? '' : `, with ${connections - 1} others`;
      return { link: shown(`one from before was reset (${end})${others}; the next ${next.seen}`) };
    }),
};

/** Toxiproxy itself resets connections that begin while the toxic is on, at their first bytes; those from before it can only close. */
async function resetThoseToCome(
  link: BrokenLink,
  clock: Parameters<typeof openConnection>[1],
  signal: AbortSignal,
  own: Map<BrokenLink, OwnConnection>,
): Promise<void> {
  own.get(link)?.destroy();
  await setEnabled(link, false, signal);
  await setEnabled(link, true, signal);
  const connection = openConnection(link.listen, clock);
  own.set(link, connection);
  await within(connection.opened, OPEN_WITHIN_MS, clock, signal);
  connection.send(HTTP_OPENER);
}
