// What a command and the keeper that it started say to each other, until the environment is up.

import type { RuntimeName, ServiceOverride } from '../../model/suite.ts';
import type { ErrorRecord, TimelineEvent } from '../../model/timeline.ts';
import type { DetachedState } from './state.ts';

/** The first message to the keeper. */
export interface KeepRequest {
  /** The Compose file, and those laid over it. */
  file: string;
  overrideFiles?: readonly string[];
  /** Default: embedded. */
  runtime?: RuntimeName;
  name: string;
  reports: string;
  overrides: Record<string, ServiceOverride>;
  readyWithinMs?: number;
}

export type KeeperMessage =
  | { type: 'event'; event: TimelineEvent }
  | { type: 'up'; state: DetachedState }
  | { type: 'failed'; error: ErrorRecord };
