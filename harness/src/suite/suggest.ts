// "Did you mean …": the known name nearest to one that is not known.

import { distance } from 'fastest-levenshtein';

/** The nearest of `known`, when it is near enough to be a slip of the finger or a wrong case. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = fold(name);
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    if (candidate === name) continue;
    const other = fold(candidate);
    // Two letters swapped are one slip.
    const apart = sameLetters(wanted, other) ? 1 : distance(wanted, other);
    if (apart >= bestDistance) continue;
    bestDistance = apart;
    best = candidate;
  }
  if (best === undefined) return undefined;
  const longest = Math.max(name.length, best.length);
  const folded = fold(best);
  const startsAlike = wanted.length >= 3 && (folded.startsWith(wanted) || wanted.startsWith(folded));
  const slips = longest < 3 ? 0 : Math.max(1, Math.floor(longest * 0.34));
  return bestDistance <= slips || startsAlike ? best : undefined;
}

const sameLetters = (a: string, b: string): boolean => a.length === b.length && sorted(a) === sorted(b);
const sorted = (text: string): string => [...text].sort().join('');

const fold = (text: string): string => text.slice(0, 80).toLowerCase().replaceAll(/[_\s]/g, '-');

/** `did you mean x?`, else the list of what is known, else what to do when nothing is. */
export function suggestion(
  name: string,
  known: Iterable<string>,
  label: string,
  whenNone?: string,
): string | undefined {
  const names = [...known];
  const near = nearest(name, names);
  if (near !== undefined) return `did you mean \`${near}\`?`;
  if (names.length === 0) return whenNone;
  return `${label}: ${listNames(names)}`;
}

/** `a, b, c and 4 more`. */
export function listNames(names: string[], most = 20): string {
  if (names.length <= most) return names.join(', ');
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}
