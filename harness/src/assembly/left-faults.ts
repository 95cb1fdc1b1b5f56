// Faults of killed runs: found in their ledgers, undone, and shown to be undone.

import { rmSync } from 'node:fs';
import { systemClock } from '../base/clock.ts';
import { poll } from '../base/poll.ts';
import { faultKinds } from '../faults/index.ts';
import { createStreamLooks } from '../media/index.ts';
import { TestcardError, toTestcardError } from '../model/errors.ts';
import type { FaultPorts } from '../model/faults.ts';
import { type LedgerEntry, leftFaults } from '../runtime/ownership/fault-ledger.ts';
import { processStart } from '../runtime/ownership/process-identity.ts';

const GONE_WITHIN_MS = 2_000;
const REVERTED_WITHIN_MS = 10_000;

/** What became of each: `cut a → b: gone with its environment`. A fault that is still in force stays in its ledger. */
export async function undoLeftFaults(): Promise<string[]> {
  const lines: string[] = [];
  for (const { path, entries } of leftFaults()) {
    const outcomes = await Promise.all(entries.map(undo));
    lines.push(...outcomes.map(({ line }) => line));
    if (outcomes.every(({ isOver }) => isOver)) rmSync(path, { force: true });
  }
  return lines;
}

async function undo(entry: LedgerEntry): Promise<{ line: string; isOver: boolean }> {
  const { title, key, record, processes } = entry;
  const kind = faultKinds.find((each) => each.key === key);
  // Most faults on this machine's own processes cannot outlive what they were done to.
  const gone = await poll(
    () => {
      const left = processes.filter(({ pid, start }) => processStart(pid) === start);
      return left.length === 0 ? { done: true, value: true } : { done: false, last: left.length };
    },
    { withinMs: GONE_WITHIN_MS, clock: systemClock },
  );
  // Containers that a killed run left were removed before this, with their namespaces and volumes.
  if (gone.ok && (processes.length > 0 || kind?.needs === 'containers') && !kind?.outlivesEnvironment)
    return { line: `${title}: gone with its environment`, isOver: true };
  if (!kind?.revert) return { line: `${title}: nothing to revert`, isOver: true };
  const { proveReverted } = kind;
  const signal = AbortSignal.timeout(REVERTED_WITHIN_MS);
  try {
    await kind.revert(record, LONE_PORTS, signal);
    const proof = await proveReverted?.call(kind, record, LONE_PORTS, signal);
    const isOver = proof?.holds ?? true;
    return { line: `${title}: ${isOver ? 'reverted' : `not reverted — ${proof?.by}: ${proof?.seen}`}`, isOver };
  } catch (error) {
    return { line: `${title}: not reverted — ${toTestcardError(error).message}`, isOver: false };
  }
}

const noEnvironment = (): never => {
  throw new TestcardError('FAULT_NOT_REVERTED', 'the run that knew its environment is gone');
};

/** All that is left of a killed run is what its ledger says. */
const LONE_PORTS: FaultPorts = {
  clock: systemClock,
  services: {
    status: noEnvironment,
    kill: noEnvironment,
    stop: noEnvironment,
    start: noEnvironment,
    pause: noEnvironment,
    resume: noEnvironment,
    processes: noEnvironment,
  },
  links: { between: () => [] },
  resolve: (url) => url,
  mediaFaults: () => undefined,
  dataFolder: () => undefined,
  streams: createStreamLooks(),
};
