// Small questions about raw values and parsed steps.

import type { StepNode } from '../model/suite.ts';
import type { ParsedStep } from './facts.ts';
import { originOf, setOrigin } from './origins.ts';

export function isPlainMap(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

export function isValidStep(entry: ParsedStep): entry is StepNode {
  return !('broken' in entry);
}

/** The map in two: the entries of `keys`, and the others. Both remember where the entries were written. */
export function splitKeys(raw: Record<string, unknown>, keys: readonly string[]): [object, Record<string, unknown>] {
  const wanted = new Set(keys);
  const own: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(raw)) {
    Object.defineProperty(wanted.has(key) ? own : rest, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  const origin = originOf(raw);
  if (origin) {
    setOrigin(own, origin);
    setOrigin(rest, origin);
  }
  return [own, rest];
}
