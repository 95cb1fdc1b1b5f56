// What can be asked of the relay to break the media of a path, and what it tells about that.

import { z } from 'zod';
import { normalisePath } from '../core/path-name.ts';

const common = {
  /** Chosen by whoever asks, so that it can be found again even when the answer was lost; made up otherwise. */
  id: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'an id is letters, digits, dots, dashes and underscores, at most 64')
    .optional(),
  path: z.string().refine((path) => normalisePath(path) === path, 'this is no path'),
};
const held = {
  ...common,
  /** Ends by itself after so long; otherwise when it is deleted. */
  durationMs: z.number().int().min(1).max(86_400_000).optional(),
};

export const faultRequest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('freeze-video'), ...held }),
  z.strictObject({ kind: z.literal('drop-audio'), ...held }),
  z.strictObject({ kind: z.literal('delay-audio'), delayMs: z.number().int().min(1).max(30_000), ...held }),
  z.strictObject({ kind: z.literal('drop-packets'), every: z.number().int().min(1).max(1_000_000), ...held }),
  z.strictObject({ kind: z.literal('restart-timestamps'), ...common }),
  z.strictObject({ kind: z.literal('disconnect'), ...common }),
]);

export type FaultRequest = z.output<typeof faultRequest>;
export type FaultKind = FaultRequest['kind'];

/** A fault of one path. The line that carries it out counts the packets that it touched. */
export interface MediaFault {
  readonly id: string;
  readonly request: FaultRequest;
  readonly startedAt: Date;
  endedAt: Date | undefined;
  packets: number;
}

/** Faults in force on one path, by kind; the same map for as long as the path has any. */
export type ActiveFaults = ReadonlyMap<FaultKind, MediaFault>;

/** A publisher, as faults see it. */
export interface FaultTarget {
  /** Why it cannot be broken in this way; undefined when it can. */
  refusal(kind: FaultKind): string | undefined;
  /** From now on everything it sends passes the path's faults. */
  useFaults(faults: ActiveFaults): void;
  restartTimestamps(fault: MediaFault): void;
  disconnect(reason: string): void;
}
