// How sure a share is that was seen in a few tries.

/** Standard normal quantile of 97.5 %. */
const Z = 1.959964;

/**
 * 95 % confidence bounds of the true share when `hits` of `tries` were seen (E. B. Wilson, 1927: score interval). Unlike ± 2 σ they stay within
 * 0…1 and say something about 20 of 20: at least 0.84.
 */
export function wilsonBounds(hits: number, tries: number): { low: number; high: number } {
  if (tries === 0) return { low: 0, high: 1 };
  const share = hits / tries;
  const weight = (Z * Z) / tries;
  const centre = (share + weight / 2) / (1 + weight);
  const half = Math.sqrt(share * (1 - share) * weight + (weight * weight) / 4) / (1 + weight);
  // All or nothing is what was seen itself: rounding must not put it outside.
  return { low: hits === 0 ? 0 : Math.max(0, centre - half), high: hits === tries ? 1 : Math.min(1, centre + half) };
}
