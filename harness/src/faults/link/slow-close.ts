// network.slow-close: the end of a connection arrives late. Proven by closing half of an own connection: with the proxy the other half is
// closed so much later than without.

import type { Clock } from '../../base/clock.ts';
import { formatDurationMs } from '../../base/duration.ts';
import type { FaultKind } from '../../model/faults.ts';
import { describeTarget, type LinkFaultInputs, linkFaultSchemas } from '../../model/network-fault.ts';
import { type BrokenLink, type Endpoint, prepareLinks } from './broken-link.ts';
import { contradicted, type Finding, proveOnLinks, shown, silent } from './findings.ts';
import { openConnection, within } from './own-connection.ts';
import { addToxics, removeToxics, type ToxicRecord } from './toxic-record.ts';

interface SlowCloseRecord extends ToxicRecord {
  delayMs: number;
}

const CONNECT_WITHIN_MS = 1_000;
const SERVER_CLOSES_WITHIN_MS = 1_000;
const SPARE_MS = 150;
const SPARE_RATIO = 0.25;
const EARLY_MS = 5;

export const slowCloseFault: FaultKind<LinkFaultInputs['network.slow-close'], SlowCloseRecord> = {
  key: 'network.slow-close',
  summary: 'Let the end of a connection arrive later',
  schema: linkFaultSchemas['network.slow-close'],
  describe: (input) => `close ${describeTarget(input)} ${formatDurationMs(input.delayMs)} late`,
  async prepare(input, ports, signal) {
    const delay = Math.round(input.delayMs);
    const prepared = await prepareLinks(input, ports, signal);
    return { ...prepared, delayMs: delay, type: 'slow_close', attributes: { delay } };
  },
  inject: (record, _ports, signal) => addToxics(record, signal),
  prove: ({ delayMs, ...record }, { clock }, signal) =>
    proveOnLinks(record, 'the end of a connection of Testcard’s own', async (link) => {
      const asked = delayMs * link.streams.length;
      const later = await laterThanDirect(link, asked * (1 + SPARE_RATIO) + 2 * SPARE_MS, clock, signal);
      if (typeof later !== 'number') return { link: later };
      const seen = `it came ${later.toFixed(0)} ms later than without the proxy`;
      const fits = later >= asked - EARLY_MS && later <= asked * (1 + SPARE_RATIO) + SPARE_MS;
      return { link: fits ? shown(seen) : contradicted(seen) };
    }),
  provableWithinMs: ({ delayMs }) => 3_000 + 5 * delayMs,
  revert: (record, _ports, signal) => removeToxics(record, signal),
  proveReverted: ({ delayMs, ...record }, { clock }, signal) =>
    proveOnLinks(record, 'the end of a connection of Testcard’s own', async (link) => {
      const atMostMs = Math.max(15, delayMs / 2);
      const later = await laterThanDirect(link, delayMs + SPARE_MS, clock, signal);
      if (typeof later !== 'number') return { link: later };
      const seen = `it came ${later.toFixed(0)} ms later than without the proxy`;
      return { link: later <= atMostMs ? shown(seen) : contradicted(seen) };
    }),
};

/** How much later our end is answered by the server's through the proxy than directly, ms. */
async function laterThanDirect(
  link: BrokenLink,
  withinMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<number | Finding> {
  const [direct, proxied] = await Promise.all([
    closingMs(link.upstream, SERVER_CLOSES_WITHIN_MS, clock, signal),
    closingMs(link.listen, withinMs + SERVER_CLOSES_WITHIN_MS, clock, signal),
  ]);
  if (typeof direct === 'string') return silent(`directly: ${direct}, so that nothing can be compared`);
  if (typeof proxied === 'string') return contradicted(proxied);
  return proxied - direct;
}

async function closingMs(to: Endpoint, withinMs: number, clock: Clock, signal: AbortSignal): Promise<number | string> {
  const connection = openConnection(to, clock);
  try {
    await within(connection.opened, CONNECT_WITHIN_MS, clock, signal);
    if (!connection.isOpen) return `no connection (${connection.end?.how ?? 'no answer'})`;
    const finishedAtMs = clock.monotonicMs();
    connection.finish();
    await within(connection.ended, withinMs, clock, signal);
    if (!connection.end) return `the server had not closed its half after ${withinMs.toFixed(0)} ms`;
    return connection.end.atMs - finishedAtMs;
  } finally {
    connection.destroy();
  }
}
