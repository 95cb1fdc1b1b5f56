// Cases that are known to fail: somebody answers for each until a day, and each must still fail.

import type { Position } from './position.ts';

/** One entry of the quarantine list. */
export interface QuarantineEntry {
  /** Id of the suite and of the case, once found. */
  suite: string;
  case: string;
  owner: string;
  /** Where it is being worked on. */
  url: string;
  /** Last day on which the entry holds, `YYYY-MM-DD`, UTC. */
  expires: string;
  reason: string;
  position: Position;
}

/** How an entry bears on what a case came to. */
export interface Quarantine {
  /**
   * - `holds`: the case did not pass, as the entry says, and does not block.
   * - `unneeded`: it passed every time it was run: the entry must go, and blocks until then.
   * - `expired`: the entry excuses nothing any more, and blocks whatever the case came to.
   */
  state: 'holds' | 'unneeded' | 'expired';
  owner: string;
  url: string;
  expires: string;
  reason: string;
  /** The entry: relative to the working folder, `quarantine.yaml:3:5`. */
  at: string;
}

/** True after the entry's last day has ended everywhere that counts in UTC. */
export const isExpired = ({ expires }: { expires: string }, nowMs: number): boolean =>
  new Date(nowMs).toISOString().slice(0, 10) > expires;

/** What is wrong with an entry that does not hold, and what to do; undefined for one that does. */
export function quarantineProblem({ state, expires, owner, at }: Quarantine): string | undefined {
  if (state === 'holds') return undefined;
  return state === 'unneeded'
    ? `passed every time although it is quarantined: remove the entry at ${at}`
    : `its quarantine expired on ${expires}: ${owner} must repair it or renew the entry at ${at}`;
}
