// Which step of a suite is which of the suite that was run: in order, as many as possible the same, the others by likeness.

import type { CheckNode, StepNode } from '../../model/suite.ts';
import { boundInput, isSameCheck, isSameStep } from './same-input.ts';

/** `was`: index in the list that was run. Without `now`, it is gone; without `was`, it is new. */
export interface Pair<T> {
  now?: T;
  was?: T;
  index?: number;
}

const SAME = 8;

/** In the order of both lists; what is gone comes where it stood. */
export function alignSteps(
  now: readonly StepNode[],
  was: readonly StepNode[],
  saved: Readonly<Record<string, unknown>>,
): Pair<StepNode>[] {
  return align(now, was, (a, b) => {
    if (a.key !== b.key) return 0;
    if (isSameStep(a, b, saved)) return SAME;
    const checks = [a, b].map((node) => node.kind.children?.(boundInput(node, saved))?.checks ?? []);
    const [first = [], second = []] = checks;
    return first.some((check) => second.some((other) => likeness(check, other) > 1)) ? 3 : 1;
  });
}

export const alignChecks = (now: readonly CheckNode[], was: readonly CheckNode[]): Pair<CheckNode>[] =>
  align(now, was, likeness);

function likeness(a: CheckNode, b: CheckNode): number {
  if (a.kind.key !== b.kind.key) return 0;
  if (isSameCheck(a, b)) return SAME;
  const names = [a, b].map((check) => JSON.stringify(check.kind.uses?.(check.input).map(({ name }) => name) ?? []));
  return names[0] === names[1] ? 2 : 1;
}

/** Longest common subsequence by weight. */
function align<T>(now: readonly T[], was: readonly T[], weight: (a: T, b: T) => number): Pair<T>[] {
  const best: number[][] = Array.from({ length: now.length + 1 }, () => Array<number>(was.length + 1).fill(0));
  const of = (i: number, j: number) => best[i]?.[j] ?? 0;
  const weights = now.map((a) => was.map((b) => weight(a, b)));
  for (let i = now.length - 1; i >= 0; i -= 1) {
    for (let j = was.length - 1; j >= 0; j -= 1) {
      const paired = weights[i]?.[j] ?? 0;
      const row = best[i] as number[]; // made above
      row[j] = Math.max(of(i + 1, j), of(i, j + 1), paired > 0 ? paired + of(i + 1, j + 1) : 0);
    }
  }
  const pairs: Pair<T>[] = [];
  let i = 0;
  let j = 0;
  while (i < now.length || j < was.length) {
    const paired = weights[i]?.[j] ?? 0;
    if (paired > 0 && of(i, j) === paired + of(i + 1, j + 1)) {
      pairs.push({ now: now[i] as T, was: was[j] as T, index: j });
      i += 1;
      j += 1;
    } else if (j < was.length && of(i, j) === of(i, j + 1)) {
      pairs.push({ was: was[j] as T, index: j });
      j += 1;
    } else {
      pairs.push({ now: now[i] as T });
      i += 1;
    }
  }
  return pairs;
}
