// Gives every case an id and a title of its own, and refuses two cases of one title.

import { formatPosition } from '../model/position.ts';
import type { Case } from '../model/suite.ts';
import type { ParsedCase } from './parse-case.ts';
import type { Session } from './session.ts';

const MAX_ID_LENGTH = 60;

/** File-name-safe: `opens after five failures` -> `opens-after-five-failures`. */
export function slug(text: string): string {
  const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return plain
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_ID_LENGTH)
    .replaceAll(/^-+|-+$/g, '');
}

/** The valid cases, in order, titles completed by matrix values where those do not tell combinations apart. */
export function identifyCases(parsed: ParsedCase[], session: Session): Case[] {
  const cases = parsed.flatMap(({ kase, at }) => (kase ? [{ kase, at }] : []));
  const byPlace = Map.groupBy(cases, ({ at }) => at);
  for (const combinations of byPlace.values()) {
    if (new Set(combinations.map(({ kase }) => kase.title)).size === combinations.length) continue;
    for (const { kase } of combinations) kase.title = `${kase.title} (${matrixText(kase)})`;
  }
  const titles = new Map<string, Case>();
  const ids = new Set<string>();
  for (const { kase } of cases) {
    const first = titles.get(kase.title);
    if (first) {
      const hint = `the first is at ${formatPosition(first.position)}`;
      session.error(`another case is called “${kase.title}” too`, kase.position, hint);
    }
    titles.set(kase.title, first ?? kase);
    kase.id = uniqueId(slug(kase.title) || 'case', ids);
  }
  return cases.map(({ kase }) => kase);
}

function matrixText({ matrix }: Case): string {
  return Object.entries(matrix)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

function uniqueId(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let count = 2; taken.has(id); count += 1) id = `${wanted}-${count}`;
  taken.add(id);
  return id;
}
