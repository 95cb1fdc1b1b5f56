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
    .map((candidate) => ({ candidate, far: farness(candidate, wanted) }))
    .sort((a, b) => a.far - b.far || a.candidate.localeCompare(b.candidate))
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** Share of letters to change, less for each word in common: metric names are words joined by `_`, and one of them is easily left out. */
function farness(candidate: string, wanted: string): number {
  const letters = distance(candidate, wanted) / Math.max(candidate.length, wanted.length);
  return letters - sharedWords(candidate, wanted) / 2;
}

function sharedWords(a: string, b: string): number {
  const words = new Set(a.split(/[^a-zA-Z0-9]+/));
  return b.split(/[^a-zA-Z0-9]+/).filter((word) => word !== '' && words.has(word)).length;
}
