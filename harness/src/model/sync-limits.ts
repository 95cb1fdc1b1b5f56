// Published limits on how far sound may be ahead of or behind its picture, by the names that suites use.
// ITU and EBU texts write a late sound as a negative number; here, as everywhere in Testcard, + means the sound is late.

export type SyncPreset = 'atsc' | 'ebu' | 'itu-detectable' | 'itu-acceptable';

export interface SyncLimits {
  /** The sound may come this much before the picture, ms (a positive number): offset ≥ −leadMs. */
  leadMs: number;
  /** The sound may come this much after the picture, ms: offset ≤ lagMs. */
  lagMs: number;
  /** Where the numbers are from. */
  source: string;
}

export const SYNC_LIMITS = {
  atsc: { leadMs: 15, lagMs: 45, source: 'ATSC IS-191 (2003), at the input of the encoder' },
  ebu: { leadMs: 40, lagMs: 60, source: 'EBU R37-2007, end to end' },
  'itu-detectable': { leadMs: 45, lagMs: 125, source: 'ITU-R BT.1359-1, threshold of detectability' },
  'itu-acceptable': { leadMs: 90, lagMs: 185, source: 'ITU-R BT.1359-1, threshold of acceptability' },
} as const satisfies Record<SyncPreset, SyncLimits>;
