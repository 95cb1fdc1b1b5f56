// Whether two steps or checks ask for the same, wherever they stand in their files.

import type { CheckNode, StepNode } from '../../model/suite.ts';

/** `saved`: values that were saved in the run, for inputs that depend on them. */
export function isSameStep(a: StepNode, b: StepNode, saved: Readonly<Record<string, unknown>>): boolean {
  if (a.key !== b.key) return false;
  const inputs = [a, b].map((node) => boundInput(node, saved));
  return inputs[0] !== undefined && isSame(inputs[0], inputs[1]);
}

export function isSameCheck(a: CheckNode, b: CheckNode): boolean {
  return a.kind.key === b.kind.key && a.during === b.during && isSame(a.input, b.input);
}

/** The input with what was saved in the run put in; undefined when it does not fit. */
export function boundInput(node: StepNode, saved: Readonly<Record<string, unknown>>): unknown {
  if (node.input !== undefined) return node.input;
  try {
    return node.bind(saved);
  } catch {
    return undefined;
  }
}

/** Deep equality of plain data, regular expressions, and nodes of a suite by what they ask for rather than where they stand. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof RegExp || b instanceof RegExp) return String(a) === String(b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (isNode(a) && isNode(b)) {
    // Without an input it depends on what is saved at run time; its title says what is known before.
    if (a.input === undefined || b.input === undefined) return a.input === b.input && a.title === b.title;
    return a.kind.key === b.kind.key && isSame({ ...a, ...ANYWHERE }, { ...b, ...ANYWHERE });
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isSame((a as Fields)[key], (b as Fields)[key]));
}

type Fields = Record<string, unknown>;

/** What a node has beside what it asks for. */
const ANYWHERE = { kind: undefined, position: undefined, bind: undefined, title: undefined };

function isNode(
  value: object,
): value is { kind: { key: string }; position: unknown; input?: unknown; title?: unknown } {
  return 'position' in value && 'kind' in value && typeof value.kind === 'object';
}
