// What a command and a keeper say to each other about faults made by hand.

import type { Proof } from '../../model/faults.ts';
import type { ErrorRecord } from '../../model/timeline.ts';

export interface ManualFaultRequest {
  /** Of the registry: `network.cut`. */
  key: string;
  /** As the kind's schema takes it. */
  input: unknown;
  /** How long it may stay, ms. Default 10 min. */
  forMs?: number | undefined;
}

export interface ManualFault {
  /** `1`, `2` … as `testcard fault revert` takes it. */
  id: string;
  key: string;
  title: string;
  /** `over`: reverted and proven to be, or of a kind that is over in a moment. */
  state: 'asked' | 'active' | 'unproven' | 'reverting' | 'over' | 'not-reverted';
  /** Unix ms. */
  askedAtMs: number;
  injectedAtMs?: number;
  provenAtMs?: number;
  proof?: Proof | undefined;
  /** When its lease is over and the keeper reverts it. Absent of a kind that is over in a moment. */
  revertAtMs?: number;
  revertedAtMs?: number;
  revertProof?: Proof | undefined;
  problem?: ErrorRecord;
}

export interface ServiceStarted {
  service: string;
  state: string;
  /** Faults that kept it down or stopped, reverted first. */
  reverted: ManualFault[];
}
