// "Did you mean …": the known name that somebody most likely meant.

import { distance } from 'fastest-levenshtein';

/** The nearest of `known`, or undefined when none is near (more than a third of its letters differ). */
export function nearName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const letters = distance(name.toLowerCase(), candidate.toLowerCase());
    if (letters < bestDistance) [best, bestDistance] = [candidate, letters];
  }
  return best !== undefined && bestDistance <= Math.max(1, Math.floor(Math.max(name.length, best.length) / 3))
    ? best
    : undefined;
}

/** `did you mean dubbing?`, or else what there is to choose from. */
export function didYouMean(name: string, known: readonly string[], kind: string): string {
  const near = nearName(name, known);
  if (near !== undefined) return `did you mean ${near}?`;
  return known.length > 0 ? `${kind}: ${known.join(', ')}` : `there are no ${kind}`;
}
