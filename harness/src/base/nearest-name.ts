// The known name nearest to one that is not known, for "did you mean …".

import { distance } from 'fastest-levenshtein';

/** The nearest of `known`, when it is near enough to be a slip of the finger, a wrong case or a part of the name. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = fold(name);
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  let longer: string | undefined;
  for (const candidate of known) {
    if (candidate === name) continue;
    const other = fold(candidate);
    // Two letters swapped are one slip.
    const apart = sameLetters(wanted, other) ? 1 : distance(wanted, other);
    const longest = Math.max(wanted.length, other.length);
    const slips = longest < 3 ? 0 : Math.max(1, Math.floor(longest * 0.34));
    if (apart <= slips && apart < bestDistance) {
      bestDistance = apart;
      best = candidate;
    }
    const shortest = Math.min(wanted.length, other.length);
    if (shortest >= 3 && (other.startsWith(wanted) || wanted.startsWith(other))) longer ??= candidate;
  }
  return best ?? longer;
}

const sameLetters = (a: string, b: string): boolean => a !== b && a.length === b.length && sorted(a) === sorted(b);
const sorted = (text: string): string => [...text].sort().join('');

const fold = (text: string): string => text.slice(0, 80).toLowerCase().replaceAll(/[_\s]/g, '-');
