// Published limits of lip sync, as names that a suite can use instead of numbers.
// ITU and EBU texts write a late sound as a negative number; here, as everywhere in Testcard, + means the sound is late.

/** How far the sound may lead and lag the picture, ms, both as positive numbers. */
export interface SyncLimit {
  leadMs: number;
  lagMs: number;
  /** Where the numbers are from; absent for limits that a suite gives itself. */
  source?: string;
}

export const SYNC_LIMITS = {
  atsc: { leadMs: 15, lagMs: 45, source: 'ATSC IS-191 (2003), at the input of the encoder' },
  ebu: { leadMs: 40, lagMs: 60, source: 'EBU Recommendation R37 (2007)' },
  'itu-detectable': { leadMs: 45, lagMs: 125, source: 'ITU-R BT.1359-1, threshold of detectability' },
  'itu-acceptable': { leadMs: 90, lagMs: 185, source: 'ITU-R BT.1359-1, threshold of acceptability' },
} as const satisfies Record<string, SyncLimit>;

export type SyncPreset = keyof typeof SYNC_LIMITS;

export const SYNC_PRESETS = ['atsc', 'ebu', 'itu-detectable', 'itu-acceptable'] as const satisfies SyncPreset[];

/**
 * How far an offset lies outside the limit, ms: 0 when it is inside. Offsets are the time of the sound minus the time of the
 * picture, so a negative one leads.
 */
export function beyondLimitMs(offsetMs: number, { leadMs, lagMs }: SyncLimit): number {
  return Math.max(0, offsetMs - lagMs, -leadMs - offsetMs);
}
