// "Did you mean …" as Compose files and environments are told it.

import { nearest } from '../base/nearest-name.ts';

/** `did you mean studio?`, or else what there is to choose from. */
export function didYouMean(name: string, known: readonly string[], kind: string): string {
  const near = nearest(name, known);
  if (near !== undefined) return `did you mean ${near}?`;
  return known.length > 0 ? `${kind}: ${known.join(', ')}` : `there are no ${kind}`;
}
