// Remembers, for every plain map and list made from YAML, where it and each of its entries was written.

import type { Node, YAMLMap, YAMLSeq } from 'yaml';
import type { Position } from '../model/position.ts';
import type { Scope } from './scope.ts';
import type { Session } from './session.ts';
import type { SuiteSource } from './source.ts';

/** A reference to a variable that has no value before the run: one that a step saves, or an unknown name. */
export interface UnresolvedReference {
  name: string;
  position: Position;
}

export interface Entry {
  /** Undefined in lists. */
  keyOffset?: number;
  valueOffset: number;
  /** The node that the value was made from, aliases followed. */
  node: Node | null;
  /** Set when the value is a scalar with references that have no value yet. */
  unresolved?: UnresolvedReference[];
  /** Set when a reference in it could not be replaced: reported already, so what follows from it is not. */
  broken?: boolean;
  /** Set when it was written as one reference and has the type of what that stands for. */
  referred?: boolean;
}

export interface Origin {
  source: SuiteSource;
  node: YAMLMap | YAMLSeq;
  offset: number;
  scope: Scope;
  session: Session;
  entries: Map<string | number, Entry>;
}

const origins = new WeakMap<object, Origin>();

export function setOrigin(raw: object, origin: Origin): void {
  origins.set(raw, origin);
}

export function originOf(raw: unknown): Origin | undefined {
  return typeof raw === 'object' && raw !== null ? origins.get(raw) : undefined;
}

export type Path = readonly PropertyKey[];

/**
 * Where `path` inside `root` was written: the value's place, or with `onKey` the key's. A part that was not written (a
 * missing key) gives its nearest parent that was.
 */
export function positionOf(root: unknown, path: Path, onKey = false): Position | undefined {
  let current: unknown = root;
  const start = originOf(root);
  let found = start?.source.positionAt(start.offset);
  for (const [index, key] of path.entries()) {
    const origin = originOf(current);
    const entry = origin?.entries.get(key as string | number);
    if (!origin || !entry) return found;
    const last = index === path.length - 1;
    found = origin.source.positionAt(onKey && last ? (entry.keyOffset ?? entry.valueOffset) : entry.valueOffset);
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  return found;
}

/** The raw value at `path`, undefined where there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  let current: unknown = root;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  return current;
}

/** Every unresolved reference in `raw`, deeply, leaving out what lies under a value in `except`. */
export function unresolvedIn(raw: unknown, except?: ReadonlySet<unknown>): UnresolvedReference[] {
  const origin = originOf(raw);
  if (!origin?.session.hasUnresolved) return [];
  const found: UnresolvedReference[] = [];
  const seen = new Set<unknown>();
  const look = (value: unknown) => {
    const at = originOf(value);
    if (!at || seen.has(value) || except?.has(value)) return;
    seen.add(value);
    for (const entry of at.entries.values()) found.push(...(entry.unresolved ?? []));
    for (const child of Object.values(value as object)) look(child);
  };
  look(raw);
  return found;
}

/** True when the value at `path` is, or holds, a reference without a value: it cannot be judged. */
export function isUnknownAt(root: unknown, path: Path): boolean {
  const value = valueAt(root, path);
  if (typeof value === 'object' && value !== null) return holdsUnknown(value, new Set());
  const entry = originOf(valueAt(root, path.slice(0, -1)))?.entries.get(path.at(-1) as string | number);
  return entry !== undefined && isUnknown(entry);
}

const isUnknown = (entry: Entry): boolean => entry.broken === true || (entry.unresolved?.length ?? 0) > 0;

function holdsUnknown(raw: unknown, seen: Set<unknown>): boolean {
  const origin = originOf(raw);
  if (!origin?.session.hasUnresolved || seen.has(raw)) return false;
  seen.add(raw);
  for (const entry of origin.entries.values()) if (isUnknown(entry)) return true;
  return Object.values(raw as object).some((child) => holdsUnknown(child, seen));
}
