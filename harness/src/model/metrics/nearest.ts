// What somebody may have meant who asked for a series that is not there.

import { distance } from 'fastest-levenshtein';
import type { Scrape } from '../ports.ts';
import { formatSeries, type Selector } from './selector.ts';

/**
 * Series of the scrape nearest to the selector, nearest first: when the name exists, its series with their labels;
 * otherwise the names most like it.
 */
export function nearestNames(scrape: Scrape | undefined, selector: Selector, limit = 3): string[] {
  if (scrape === undefined) return [];
  const sameName = scrape.points.filter(({ name }) => name === selector.name);
  if (sameName.length > 0) {
    const wanted = formatSeries({
      name: selector.name,
      labels: Object.fromEntries(selector.labels.map(({ key, value }) => [key, value])),
    });
    return nearest(sameName.map(formatSeries), wanted, limit);
  }
  return nearest([...new Set(scrape.points.map(({ name }) => name))], selector.name, limit);
}

function nearest(candidates: string[], wanted: string, limit: number): string[] {
  return candidates
    .map((candidate) => ({ candidate, far: distance(candidate, wanted) - sharedWords(candidate, wanted) * 4 }))
    .sort((a, b) => a.far - b.far || a.candidate.localeCompare(b.candidate))
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** Metric names are words joined by `_`; one whole word in common says more than letters that happen to agree. */
function sharedWords(a: string, b: string): number {
  const words = new Set(a.split(/[^a-zA-Z0-9]+/));
  return b.split(/[^a-zA-Z0-9]+/).filter((word) => word !== '' && words.has(word)).length;
}
